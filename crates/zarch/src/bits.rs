//! IBM bit numbering: bit 0 is the leftmost.

/// The doubleword in which only bit `number` (0 to 63, leftmost is 0) is one.
#[must_use]
pub(crate) const fn bit(number: u32) -> u64 {
    1 << (63 - number)
}

#[cfg(test)]
mod tests {
    use super::bit;

    #[test]
    fn bit_0_is_the_leftmost() {
        assert_eq!(bit(0), 0x8000_0000_0000_0000);
        assert_eq!(bit(31), 0x1_0000_0000);
        assert_eq!(bit(63), 1);
    }
}
