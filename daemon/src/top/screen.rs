//! The terminal, and its return as it was.

use ratatui::DefaultTerminal;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
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
        // This installs a hook for panics as well, which gives back all but the cursor.
        let terminal = ratatui::try_init()?;
        let restore = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let _ = execute!(io::stdout(), Show);
            restore(panic);
        }));
        Ok(Screen { terminal })
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
