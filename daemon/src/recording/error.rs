//! Why a recording cannot be read.

use std::io;

/// Why a recording cannot be read, or not any further.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The system.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It begins otherwise.
    #[error("is not a recording")]
    NotARecording,
    /// Its head does not agree with its checksum.
    #[error("the head of the recording is damaged: nothing of it can be read")]
    Head,
    /// A later version wrote it.
    #[error("is a recording of format {0}, and this kestrel reads format {ours}: use the one that wrote it", ours = super::layout::VERSION)]
    Version(u16),
    /// A machine of the other byte order wrote it.
    #[error("was recorded on a machine with the other byte order, and cannot be read on this one")]
    ByteOrder,
    /// Its records are laid out otherwise.
    #[error("holds records of layout {0}, and this kestrel reads layout {ours}: use the one that wrote it", ours = kestrel_core::abi::ABI_MAJOR)]
    Layout(u16),
    /// Something in it is damaged.
    #[error("is damaged at byte {offset}: {what}; everything before was read")]
    Damaged {
        /// Where the damage begins, from the start of the file.
        offset: u64,
        /// What is wrong.
        what: &'static str,
    },
}
