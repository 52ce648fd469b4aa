//! Numbers as a person reads them.

/// `3249` as `3,249`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes with a binary unit: `64 MiB`, `1.5 KiB`, `700 bytes`.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [(&str, u32); 4] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    for (unit, shift) in UNITS {
        if number >= 1 << shift {
            // Below 2^54 for the largest unit and number, so it fits again.
            let tenths = u64::try_from((u128::from(number) * 10) >> shift).unwrap_or(u64::MAX);
            let (whole, tenth) = (tenths / 10, tenths % 10);
            return if tenth == 0 || whole >= 100 {
                format!("{} {unit}", grouped(whole))
            } else {
                format!("{whole}.{tenth} {unit}")
            };
        }
    }
    format!("{number} bytes")
}

/// A span of time: `1.24 s`, `35 ms`, `870 µs`.
pub(crate) fn microseconds(number: u64) -> String {
    match number {
        0..1_000 => format!("{number} µs"),
        1_000..1_000_000 => format!("{} ms", number / 1_000),
        1_000_000.. => format!("{}.{:02} s", number / 1_000_000, number % 1_000_000 / 10_000),
    }
}

/// What was moved in a second: `305 MiB/s`; a dash when no time has passed.
pub(crate) fn bytes_a_second(moved: u64, microseconds: u64) -> String {
    let a_second = u128::from(moved) * 1_000_000;
    match a_second.checked_div(u128::from(microseconds)) {
        Some(rate) => format!("{}/s", bytes(u64::try_from(rate).unwrap_or(u64::MAX))),
        None => "-".to_owned(),
    }
}

/// `1 write`, `2 writes`.
pub(crate) fn counted(number: u64, one: &str, several: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { several })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (3_249, "3,249"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn bytes_have_units() {
        for (number, text) in [
            (0, "0 bytes"),
            (700, "700 bytes"),
            (1_024, "1 KiB"),
            (1_536, "1.5 KiB"),
            (64 << 20, "64 MiB"),
            ((200 << 20) + (1 << 19), "200 MiB"),
            (1 << 40, "1 TiB"),
            (u64::MAX, "16,777,215 TiB"),
        ] {
            assert_eq!(bytes(number), text);
        }
    }

    #[test]
    fn times_and_rates() {
        assert_eq!(microseconds(870), "870 µs");
        assert_eq!(microseconds(35_999), "35 ms");
        assert_eq!(microseconds(1_245_000), "1.24 s");
        assert_eq!(bytes_a_second(64 << 20, 500_000), "128 MiB/s");
        assert_eq!(bytes_a_second(64 << 20, 0), "-");
        assert_eq!(bytes_a_second(u64::MAX, 1), "16,777,215 TiB/s");
        assert_eq!(counted(1, "write", "writes"), "1 write");
        assert_eq!(counted(2_000, "write", "writes"), "2,000 writes");
    }
}
