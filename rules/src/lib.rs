//! Rule files, conditions, evaluation and output formats.
