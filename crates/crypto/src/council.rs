//! The survivor council's key: FROST-Ed25519 (RFC 9591). Any k of n members sign together; the result is one plain
//! Ed25519 signature under the council's group key, so nobody learns who voted.
//!
//! **Trusted dealer.** [`deal`] makes the group secret in one place for a moment, and whoever runs it could keep it. A
//! council that can meet should make its key by distributed key generation instead; that is not built yet.
//!
//! [`sign`] runs all signers in one process: for the demo, and for a table around which k members put in their shares.

use crate::random::Frost;
use crate::sign::{Signature, VerifyingKey, frame};
use crate::{CryptoError, Kdf, KdfParams, Passphrase, Place};
use frost_ed25519 as frost;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// One member's share of the council key. No `Serialize`, nothing in `Debug`; [`CouncilShare::seal`] writes it to disk.
#[derive(Clone)]
pub struct CouncilShare {
    number: u16,
    total: u16,
    package: frost::keys::KeyPackage,
    group: frost::keys::PublicKeyPackage,
}

/// A share as kept on disk, sealed under its member's passphrase. Serialises as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedShare {
    /// The council's group key.
    pub group: VerifyingKey,
    /// Number of this share, from 1.
    pub number: u16,
    /// Shares in all.
    pub total: u16,
    public: String,
    kdf: Kdf,
    sealed: String,
}

/// Deals a council key: n shares, any k of which sign. Returns the group key and the shares.
pub fn deal(k: u16, n: u16) -> Result<(VerifyingKey, Vec<CouncilShare>), CryptoError> {
    let (secrets, group) =
        frost::keys::generate_with_dealer(n, k, frost::keys::IdentifierList::Default, Frost).map_err(refused)?;
    let shares = secrets
        .into_values()
        .zip(1_u16..)
        .map(|(secret, number)| {
            let package = frost::keys::KeyPackage::try_from(secret).map_err(refused)?;
            Ok(CouncilShare { number, total: n, package, group: group.clone() })
        })
        .collect::<Result<Vec<_>, CryptoError>>()?;
    Ok((group_key(&group)?, shares))
}

/// Signs bytes for a purpose with at least k shares of one council.
pub fn sign(shares: &[CouncilShare], context: &str, bytes: &[u8]) -> Result<Signature, CryptoError> {
    let first = shares.first().ok_or(CryptoError::NotEnough { what: "council shares", have: 0, need: 1 })?;
    let need = usize::from(*first.package.min_signers());
    let mut chosen: BTreeMap<frost::Identifier, &CouncilShare> = BTreeMap::new();
    for share in shares {
        if share.group.verifying_key() != first.group.verifying_key() {
            return Err(CryptoError::Mixed("they are of different councils"));
        }
        chosen.insert(*share.package.identifier(), share);
    }
    if chosen.len() < need {
        return Err(CryptoError::NotEnough { what: "council shares", have: chosen.len(), need });
    }
    let mut nonces = BTreeMap::new();
    let mut commitments = BTreeMap::new();
    for (id, share) in chosen.iter().take(need) {
        let (nonce, commitment) = frost::round1::commit(share.package.signing_share(), &mut Frost);
        nonces.insert(*id, nonce);
        commitments.insert(*id, commitment);
    }
    let package = frost::SigningPackage::new(commitments, &frame(context, bytes));
    let mut parts = BTreeMap::new();
    for (id, nonce) in &nonces {
        parts.insert(*id, frost::round2::sign(&package, nonce, &chosen[id].package).map_err(refused)?);
    }
    let signature = frost::aggregate(&package, &parts, &first.group).map_err(refused)?;
    let bytes64: [u8; 64] =
        signature.serialize().map_err(refused)?.try_into().map_err(|_| CryptoError::Malformed("signature"))?;
    let signature = Signature::from_bytes(bytes64);
    first.group_key()?.verify(context, bytes, &signature)?;
    Ok(signature)
}

impl CouncilShare {
    /// The council's public key, under which signatures verify.
    pub fn group_key(&self) -> Result<VerifyingKey, CryptoError> {
        group_key(&self.group)
    }

    /// Votes needed and shares held.
    pub fn quorum(&self) -> [u16; 2] {
        [*self.package.min_signers(), self.total]
    }

    /// Number of this share, from 1.
    pub const fn number(&self) -> u16 {
        self.number
    }

    /// Seals the share under its member's passphrase.
    pub fn seal(&self, passphrase: &Passphrase, params: KdfParams) -> Result<SealedShare, CryptoError> {
        let group = self.group_key()?;
        let kdf = Kdf::make(params)?;
        let secret = zeroize::Zeroizing::new(self.package.serialize().map_err(refused)?);
        let sealed = kdf.derive_key(passphrase)?.seal(Self::place(&group.to_bytes()), &secret)?;
        Ok(SealedShare {
            group,
            number: self.number,
            total: self.total,
            public: hex::encode(self.group.serialize().map_err(refused)?),
            kdf,
            sealed: hex::encode(sealed),
        })
    }

    const fn place(group: &[u8]) -> Place<'_> {
        Place::new("council-share", group, "share")
    }
}

impl SealedShare {
    /// Opens the share. [`CryptoError::DoesNotOpen`] if the passphrase is wrong or the file was changed.
    pub fn open(&self, passphrase: &Passphrase) -> Result<CouncilShare, CryptoError> {
        let bad = || CryptoError::Malformed("council share");
        let sealed = hex::decode(&self.sealed).map_err(|_| bad())?;
        let group = hex::decode(&self.public).map_err(|_| bad())?;
        let group = frost::keys::PublicKeyPackage::deserialize(&group).map_err(|_| bad())?;
        let secret = self.kdf.derive_key(passphrase)?.open(CouncilShare::place(&self.group.to_bytes()), &sealed)?;
        let package = frost::keys::KeyPackage::deserialize(&secret).map_err(|_| bad())?;
        if group_key(&group)? != self.group || package.verifying_key() != group.verifying_key() {
            return Err(CryptoError::DoesNotOpen);
        }
        Ok(CouncilShare { number: self.number, total: self.total, package, group })
    }
}

impl fmt::Debug for CouncilShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CouncilShare({} of {}, ..)", self.number, self.total)
    }
}

fn group_key(group: &frost::keys::PublicKeyPackage) -> Result<VerifyingKey, CryptoError> {
    let bytes = group.verifying_key().serialize().map_err(refused)?;
    VerifyingKey::from_bytes(bytes.try_into().map_err(|_| CryptoError::Malformed("group key"))?)
}

/// The scheme's own words; they name no secret.
fn refused(error: frost::Error) -> CryptoError {
    CryptoError::Council(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_two_of_three_members_sign_and_the_signature_is_plain_ed25519() {
        let (group, shares) = deal(2, 3).unwrap();
        for pair in [[0, 1], [0, 2], [1, 2]] {
            let two: Vec<CouncilShare> = pair.iter().map(|&i| shares[i].clone()).collect();
            let signature = sign(&two, "decision", b"draft").unwrap();
            group.verify("decision", b"draft", &signature).unwrap();
            // ed25519-dalek itself, no code of ours between:
            let key = ed25519_dalek::VerifyingKey::from_bytes(&group.to_bytes()).unwrap();
            let raw = ed25519_dalek::Signature::from_bytes(&signature.to_bytes());
            key.verify_strict(&frame("decision", b"draft"), &raw).unwrap();
            assert!(group.verify("decision", b"other", &signature).is_err());
        }
        assert_eq!(shares[0].quorum(), [2, 3]);
    }

    #[test]
    fn privacy_21_one_member_alone_twice_or_members_of_two_councils_do_not_sign() {
        let (_, shares) = deal(2, 3).unwrap();
        let (_, others) = deal(2, 3).unwrap();
        let need = CryptoError::NotEnough { what: "council shares", have: 1, need: 2 };
        assert_eq!(sign(&shares[..1], "c", b"x").unwrap_err(), need);
        assert_eq!(sign(&[shares[0].clone(), shares[0].clone()], "c", b"x").unwrap_err(), need);
        assert!(matches!(sign(&[shares[0].clone(), others[1].clone()], "c", b"x"), Err(CryptoError::Mixed(_))));
        assert!(sign(&[], "c", b"x").is_err());
        assert!(deal(3, 2).is_err() && deal(0, 3).is_err() && deal(1, 1).is_err());
    }

    #[test]
    fn shares_on_disk_open_with_their_passphrase_only_and_still_sign() {
        let (group, shares) = deal(2, 2).unwrap();
        let pass = Passphrase::new("three plain words").unwrap();
        let opened: Vec<CouncilShare> = shares
            .iter()
            .map(|s| {
                let json = serde_json::to_string(&s.seal(&pass, KdfParams::floor()).unwrap()).unwrap();
                serde_json::from_str::<SealedShare>(&json).unwrap().open(&pass).unwrap()
            })
            .collect();
        group.verify("c", b"x", &sign(&opened, "c", b"x").unwrap()).unwrap();
        let sealed = shares[0].seal(&pass, KdfParams::floor()).unwrap();
        assert_eq!(sealed.open(&Passphrase::typed("other words here")).unwrap_err(), CryptoError::DoesNotOpen);
    }

    #[test]
    fn frost_agrees_with_rfc_9591_appendix_e_1() {
        // Group secret, its verifying key and the shares of participants 1 and 3, as published.
        let scalar = |h: &str| frost::keys::SigningShare::deserialize(&hex::decode(h).unwrap()).unwrap();
        let secret = frost::SigningKey::deserialize(
            &hex::decode("7b1c33d3f5291d85de664833beb1ad469f7fb6025a0ec78b3a790c6e13a98304").unwrap(),
        )
        .unwrap();
        let group = frost::VerifyingKey::from(&secret);
        assert_eq!(
            hex::encode(group.serialize().unwrap()),
            "15d21ccd7ee42959562fc8aa63224c8851fb3ec85a3faf66040d380fb9738673"
        );
        let packages: Vec<frost::keys::KeyPackage> = [
            (1_u16, "929dcc590407aae7d388761cddb0c0db6f5627aea8e217f4a033f2ec83d93509"),
            (3, "d3cb090a075eb154e82fdb4b3cb507f110040905468bb9c46da8bdea643a9a02"),
        ]
        .into_iter()
        .map(|(id, share)| {
            let share = scalar(share);
            let public = frost::keys::VerifyingShare::from(share);
            frost::keys::KeyPackage::new(id.try_into().unwrap(), share, public, group, 2)
        })
        .collect();
        assert_eq!(
            frost::keys::reconstruct(&packages).unwrap().serialize(),
            hex::decode("7b1c33d3f5291d85de664833beb1ad469f7fb6025a0ec78b3a790c6e13a98304").unwrap()
        );
        // Round one with the published randomness, hiding before binding.
        let randomness = [
            "06894e04ee4aceec8619d5f6a0a180e2f47194d2ac306cba586b555e7c48d765\
             40d6f879ff22e22409f7d808fed81f37118e7d3e4af71c0f44c60207553bcbce",
            "fa5d950626782aade9e33fa781376d4888c2d1de7c37518bc248eb818ed0cdde\
             7459a4d14ded0e365b085271be8dc6600d5b88f3978a2174297ffa32001a5afc",
        ];
        let mut nonces = Vec::new();
        let mut commitments = BTreeMap::new();
        for (p, bytes) in packages.iter().zip(randomness) {
            let mut rng = Published(hex::decode(bytes).unwrap());
            let (nonce, commitment) = frost::round1::commit(p.signing_share(), &mut rng);
            nonces.push(nonce);
            commitments.insert(*p.identifier(), commitment);
        }
        let package = frost::SigningPackage::new(commitments, b"test");
        let parts: BTreeMap<_, _> = packages
            .iter()
            .zip(&nonces)
            .map(|(p, n)| (*p.identifier(), frost::round2::sign(&package, n, p).unwrap()))
            .collect();
        let publics = packages.iter().map(|p| (*p.identifier(), *p.verifying_share())).collect();
        let group = frost::keys::PublicKeyPackage::new(publics, group, Some(2));
        let signature = frost::aggregate(&package, &parts, &group).unwrap();
        assert_eq!(hex::encode(signature.serialize().unwrap()), FINAL);
    }

    /// Gives out published bytes in place of randomness.
    struct Published(Vec<u8>);

    impl frost::rand_core::RngCore for Published {
        fn next_u32(&mut self) -> u32 {
            unreachable!("nonces are drawn as bytes")
        }
        fn next_u64(&mut self) -> u64 {
            unreachable!("nonces are drawn as bytes")
        }
        fn fill_bytes(&mut self, dest: &mut [u8]) {
            dest.copy_from_slice(&self.0[..dest.len()]);
            self.0.drain(..dest.len());
        }
        fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), frost::rand_core::Error> {
            self.fill_bytes(dest);
            Ok(())
        }
    }

    impl frost::rand_core::CryptoRng for Published {}

    /// RFC 9591, E.1: the signature that the published inputs lead to.
    const FINAL: &str = "154fb694ee7fcb37bf2381d94488c2a84b03b3352ad085feca81ad26d45852b7ecfe971ce4da95c4a95db93ac376b053897fca212ef85f99cf696bffeb178f07";
}
