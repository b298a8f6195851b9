//! Numbers in few characters.

/// A number with three digits at least that count: `999`, `12.3k`, `4.56M`.
pub fn short(n: f64) -> String {
    let mut n = n.max(0.0);
    let mut unit = "";
    for next in ["k", "M", "G", "T", "P"] {
        if n < 999.5 {
            break;
        }
        (n, unit) = (n / 1000.0, next);
    }
    match n {
        n if unit.is_empty() && (n.fract() == 0.0 || n >= 99.95) => format!("{n:.0}"),
        n if unit.is_empty() => format!("{n:.1}"),
        n if n < 9.995 => format!("{n:.2}{unit}"),
        n if n < 99.95 => format!("{n:.1}{unit}"),
        n => format!("{n:.0}{unit}"),
    }
}

/// Bytes: `512 B`, `9.8 MiB`.
pub fn bytes(n: u64) -> String {
    let mut value = n as f64;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1000.0 {
            break;
        }
        (value, unit) = (value / 1024.0, next);
    }
    if unit == "B" { format!("{n} B") } else { format!("{value:.1} {unit}") }
}

/// A time: `7s`, `4m 07s`, `3h 12m`, `12d 3h`.
pub fn time(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {:02}s", seconds % 60),
        (0, _, _) => format!("{hours}h {minutes:02}m"),
        _ => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_six_characters_at_most() {
        for (n, text) in [
            (0.0, "0"),
            (0.25, "0.2"),
            (7.0, "7"),
            (99.94, "99.9"),
            (99.96, "100"),
            (999.4, "999"),
            (999.5, "1.00k"),
            (9_994.0, "9.99k"),
            (9_996.0, "10.0k"),
            (123_456.0, "123k"),
            (999_600.0, "1.00M"),
            (4.5e9, "4.50G"),
            (-1.0, "0"),
        ] {
            assert_eq!(short(n), text);
        }
        assert!(short(u64::MAX as f64).len() <= 6);
        assert_eq!((bytes(512), bytes(9 << 20), bytes(1500)), ("512 B".into(), "9.0 MiB".into(), "1.5 KiB".into()));
        let times = [7, 247, 11_520, 1_047_600].map(time);
        assert_eq!(times, ["7s", "4m 07s", "3h 12m", "12d 3h"]);
    }
}
