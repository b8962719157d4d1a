//! What pages are made of: figures, tables, panels, as plain values that templates lay out.

pub mod explore;
pub mod figure;
pub mod study;
pub mod table;

pub use figure::FigureView;
pub use table::TableView;
