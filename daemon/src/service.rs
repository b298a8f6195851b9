//! The service manager (sd_notify(3)): it is told what goes on, and that Kestrel is alive. Without one nobody is told.

use sd_notify::NotifyState;
use std::time::{Duration, Instant};

/// Who is told.
#[derive(Debug)]
pub struct ServiceManager {
    /// How often it wants to hear that Kestrel is alive, and when next: twice as often as it asks for.
    watchdog: Option<(Duration, Instant)>,
}

impl ServiceManager {
    /// Whoever started this process. It hears of Kestrel from `now` on, if it asked for that (`WatchdogSec=`).
    pub fn of_process(now: Instant) -> ServiceManager {
        ServiceManager::asking(sd_notify::watchdog_enabled(), now)
    }

    fn asking(every: Option<Duration>, now: Instant) -> ServiceManager {
        ServiceManager { watchdog: every.map(|every| (every / 2, now)) }
    }

    /// When [`ServiceManager::beat`] is to be called, if at all.
    pub fn deadline(&self) -> Option<Instant> {
        self.watchdog.map(|(_, next)| next)
    }

    /// Says that Kestrel is alive, if it is time for that: only the loop can say so, so one that hangs is found out.
    pub fn beat(&mut self, now: Instant) {
        if let Some((every, next)) = &mut self.watchdog
            && *next <= now
        {
            *next = now + *every;
            tell(NotifyState::Watchdog);
        }
    }
}

/// Kestrel records, and judges from now on.
pub fn ready() {
    tell(NotifyState::Ready);
}

/// Kestrel is about to end.
pub fn stopping() {
    tell(NotifyState::Stopping);
}

fn tell(state: NotifyState<'_>) {
    // Without a service manager there is nobody to tell.
    let _ = sd_notify::notify(&[state]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_hears_twice_as_often_as_it_asks() {
        let start = Instant::now();
        let at = |s: u64| start + Duration::from_secs(s);
        let mut manager = ServiceManager::asking(Some(Duration::from_secs(20)), start);
        assert_eq!(manager.deadline(), Some(start));
        manager.beat(at(0));
        assert_eq!(manager.deadline(), Some(at(10)));
        manager.beat(at(9));
        assert_eq!(manager.deadline(), Some(at(10)));
        manager.beat(at(12));
        assert_eq!(manager.deadline(), Some(at(22)));
        assert_eq!(ServiceManager::asking(None, start).deadline(), None);
    }
}
