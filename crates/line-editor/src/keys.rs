//! From bytes to keys: [`Decoder`].
//!
//! The sequences are those of a VT220 (ANSI X3.64 control sequences and single shifts), with the variants that
//! terminals of today send for the same keys. A sequence may come in pieces. A control character in the
//! middle of one ends it and counts: a finished line is never swallowed.

/// What was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// A printable ASCII character.
    Character(u8),
    Enter,
    Backspace,
    Delete,
    Left,
    Right,
    Home,
    End,
    Up,
    Down,
    KillToEnd,
    KillToStart,
    KillWord,
    ClearScreen,
    Abandon,
    /// Something that means nothing here.
    Unknown,
}

/// Where in a sequence the decoder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In none.
    Ground,
    /// After ESC.
    Escape,
    /// After ESC O.
    SingleShift,
    /// After ESC [ and this much of the first number.
    FirstNumber(u8),
    /// After ESC [, the first number, and more.
    Further(u8),
}

/// What was typed last, as far as the end of a line goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    /// A carriage return: a line feed would belong to it.
    CarriageReturn,
    /// Anything else.
    Other,
}

const ESCAPE: u8 = 0x1b;
const DELETE: u8 = 0x7f;

/// The control character that a letter with the Control key gives.
const fn control(letter: u8) -> u8 {
    letter & 0x1f
}

/// Turns bytes into keys.
#[derive(Clone, Debug)]
pub(crate) struct Decoder {
    state: State,
    last: Last,
}

impl Decoder {
    pub(crate) const fn new() -> Self {
        Self { state: State::Ground, last: Last::Other }
    }

    /// Takes the next byte. None while a sequence is not complete.
    pub(crate) fn decode(&mut self, byte: u8) -> Option<Key> {
        let last = core::mem::replace(&mut self.last, Last::Other);
        let state = core::mem::replace(&mut self.state, State::Ground);
        if byte < b' ' {
            return self.control(byte, last);
        }
        let next = match (state, byte) {
            (State::Ground, b' '..DELETE) => return Some(Key::Character(byte)),
            (_, DELETE) => return Some(Key::Backspace),
            (State::Escape, b'[') => State::FirstNumber(0),
            (State::Escape, b'O') => State::SingleShift,
            (State::FirstNumber(number), b'0'..=b'9') => {
                let digit = byte - b'0';
                State::FirstNumber(number.saturating_mul(10).saturating_add(digit))
            }
            (State::FirstNumber(number) | State::Further(number), b' '..=b'?') => {
                State::Further(number)
            }
            (State::FirstNumber(number) | State::Further(number), b'@'..DELETE) => {
                return Some(function_key(byte, number));
            }
            (State::SingleShift, _) => return Some(function_key(byte, 0)),
            (State::Ground | State::Escape | State::FirstNumber(_) | State::Further(_), _) => {
                return Some(Key::Unknown);
            }
        };
        self.state = next;
        None
    }

    fn control(&mut self, byte: u8, last: Last) -> Option<Key> {
        const A: u8 = control(b'A');
        const B: u8 = control(b'B');
        const C: u8 = control(b'C');
        const D: u8 = control(b'D');
        const E: u8 = control(b'E');
        const F: u8 = control(b'F');
        const K: u8 = control(b'K');
        const L: u8 = control(b'L');
        const N: u8 = control(b'N');
        const P: u8 = control(b'P');
        const U: u8 = control(b'U');
        const W: u8 = control(b'W');
        Some(match byte {
            ESCAPE => {
                self.state = State::Escape;
                return None;
            }
            b'\n' if last == Last::CarriageReturn => return None,
            b'\r' => {
                self.last = Last::CarriageReturn;
                Key::Enter
            }
            b'\n' => Key::Enter,
            b'\t' => Key::Character(b' '),
            0x08 => Key::Backspace,
            A => Key::Home,
            B => Key::Left,
            C => Key::Abandon,
            D => Key::Delete,
            E => Key::End,
            F => Key::Right,
            K => Key::KillToEnd,
            L => Key::ClearScreen,
            N => Key::Down,
            P => Key::Up,
            U => Key::KillToStart,
            W => Key::KillWord,
            _ => Key::Unknown,
        })
    }
}

/// The key that a sequence stands for, by its last character and its first number.
fn function_key(last: u8, number: u8) -> Key {
    match (last, number) {
        (b'A', _) => Key::Up,
        (b'B', _) => Key::Down,
        (b'C', _) => Key::Right,
        (b'D', _) => Key::Left,
        // The VT220 has Find, Remove and Select where keyboards of today have Home, Delete and End.
        (b'H', _) | (b'~', 1 | 7) => Key::Home,
        (b'F', _) | (b'~', 4 | 8) => Key::End,
        (b'~', 3) => Key::Delete,
        _ => Key::Unknown,
    }
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
