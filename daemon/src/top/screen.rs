//! The terminal, and its return as it was.

use ratatui::DefaultTerminal;
use std::io;

/// The terminal in raw mode, with a screen of its own. Given back when this is dropped, and before a panic says what it has to say.
#[derive(Debug)]
pub struct Screen {
    terminal: DefaultTerminal,
}

impl Screen {
    /// Takes the terminal of standard output.
    ///
    /// # Errors
    /// What the system said.
    pub fn take() -> io::Result<Screen> {
        // This installs the hook for panics as well.
        Ok(Screen { terminal: ratatui::try_init()? })
    }

    /// To draw on.
    pub fn terminal(&mut self) -> &mut DefaultTerminal {
        &mut self.terminal
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // There is nothing that could be done about a terminal that is gone.
        let _ = self.terminal.show_cursor();
        let _ = ratatui::try_restore();
    }
}
