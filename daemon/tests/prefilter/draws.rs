//! Choices, drawn from random numbers that proptest can make smaller.

/// Numbers that choices are made by; zeros when they are used up.
pub struct Draws<'a> {
    numbers: std::slice::Iter<'a, u32>,
}

impl<'a> Draws<'a> {
    pub fn new(numbers: &'a [u32]) -> Draws<'a> {
        Draws { numbers: numbers.iter() }
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.numbers.next().copied().unwrap_or(0) as usize % end
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        // What is drawn when numbers are used up is the usual.
        self.below(times) == times - 1
    }

    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}
