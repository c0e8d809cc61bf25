//! An upper bound for the depth of a script's syntax tree: the stack that parsing it may need.
//!
//! The parser recurses without a limit, so that a file of brackets could overflow the stack. This
//! module reads the tokens of ECMA-262, section 12, far enough to tell brackets from text. The bound
//! is never too low: where a `/` could be a division or start a regular expression, every token of
//! the rest counts as a level.

/// A bracket that is open at this point.
#[derive(Clone, Copy, Debug)]
struct Level {
    opened_by: Opened,
    /// What a `/` after the closing bracket starts.
    then: Previous,
    /// Statements that contain the next one, as in `if (a) for (;;) …`. Where they end needs a
    /// parser; here they end with the next statement or bracket.
    held: usize,
    /// Operators of the current expression, each of which may contain the next.
    chain: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opened {
    File,
    Parenthesis,
    Bracket,
    Brace,
    /// `${` in a template.
    Substitution,
}

/// What stands before a token, which decides what `/` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Previous {
    /// The end of an operand: `/` divides.
    Operand,
    /// Anything that needs an operand: `/` starts a regular expression.
    Operator,
    /// Both can be.
    Either,
}

/// What follows a word.
enum Word {
    /// Contains a statement.
    Control,
    /// As `Control`, and `(…)` after it is followed by a statement.
    ControlWithHead,
    /// Contains an expression.
    Prefix,
    /// A name in one place, an operator in another.
    Contextual,
    /// Is followed by an operand, but contains none.
    Before,
    Name,
}

/// An upper bound of the levels of recursion that parsing or walking `source` takes.
///
/// One pass, no allocation but the open brackets.
pub(super) fn of(source: &str) -> usize {
    let mut reader = Reader {
        source: source.as_bytes(),
        at: 0,
        levels: vec![Level {
            opened_by: Opened::File,
            then: Previous::Operator,
            held: 0,
            chain: 0,
        }],
        depth: 1,
        deepest: 1,
        previous: Previous::Operator,
        head: None,
        after_dot: false,
        after_end: false,
        line_is_blank: true,
    };
    match reader.read() {
        Ok(()) => reader.deepest,
        Err(Unsure) => reader.deepest.max(reader.depth + everything(reader.rest())),
    }
}

/// The text cannot be divided into tokens with certainty.
struct Unsure;

/// The bound for text of which nothing is known: each token nests.
fn everything(text: &[u8]) -> usize {
    let mut in_word = false;
    let counts = |&byte: &u8| {
        let was_in_word = std::mem::replace(&mut in_word, byte.is_ascii() && is_word(byte));
        !(byte.is_ascii_whitespace() || in_word && was_in_word)
    };
    2 * text.iter().copied().filter(counts).count()
}

struct Reader<'s> {
    source: &'s [u8],
    at: usize,
    levels: Vec<Level>,
    /// The sum over all levels.
    depth: usize,
    deepest: usize,
    previous: Previous,
    /// The word before, if a `(` after it is special: what `/` means after the `)`.
    head: Option<Previous>,
    after_dot: bool,
    after_end: bool,
    /// Whether only white space and comments stand before this token on its line, as far as can be
    /// told: beyond ASCII, anything may be white space.
    line_is_blank: bool,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), Unsure> {
        while let Some(&byte) = self.source.get(self.at) {
            match byte {
                b'\n' | b'\r' => {
                    self.line_is_blank = true;
                    self.at += 1;
                }
                b' ' | b'\t' | 0x0B | 0x0C => self.at += 1,
                b'/' if self.rest().starts_with(b"//") => self.skip_line(),
                b'/' if self.rest().starts_with(b"/*") => self.skip_comment(),
                b'#' if self.at == 0 && self.rest().starts_with(b"#!") => self.skip_line(),
                _ if is_word(byte) => self.read_word(),
                _ => {
                    self.read_punctuator(byte)?;
                    self.line_is_blank = false;
                }
            }
        }
        Ok(())
    }

    fn rest(&self) -> &[u8] {
        &self.source[self.at..]
    }

    fn level(&mut self) -> &mut Level {
        self.levels.last_mut().expect("the file's own level is never closed")
    }

    fn nest(&mut self, by: usize) {
        self.level().chain += by;
        self.depth += by;
        self.deepest = self.deepest.max(self.depth);
    }

    /// Starts a statement that contains what follows. Labels before it last as long as it does.
    fn hold(&mut self, by: usize) {
        let level = self.level();
        level.held += std::mem::take(&mut level.chain) + by;
        self.depth += by;
        self.deepest = self.deepest.max(self.depth);
    }

    /// Ends the statement before. A word after `;` or `}` starts another one, except words that
    /// continue it, such as `else`.
    fn end_statement(&mut self) {
        self.end_expression();
        self.depth -= std::mem::take(&mut self.level().held);
    }

    fn end_expression(&mut self) {
        self.depth -= std::mem::take(&mut self.level().chain);
    }

    fn skip_line(&mut self) {
        let line = self.rest();
        // U+2028 and U+2029 end a line too. Both start with the byte 0xE2, as do other characters.
        let mut end = memchr::memchr2(b'\n', b'\r', line).unwrap_or(line.len());
        let separators = memchr::memchr_iter(0xE2, &line[..end]);
        for separator in separators {
            if line.get(separator..separator + 3).is_some_and(is_line_separator) {
                end = separator;
                break;
            }
        }
        self.at += end;
    }

    fn skip_comment(&mut self) {
        let comment = &self.source[self.at + 2..];
        let end = memchr::memmem::find(comment, b"*/").map_or(comment.len(), |end| end + 2);
        self.line_is_blank |= memchr::memchr2(b'\n', b'\r', &comment[..end]).is_some();
        self.at += 2 + end;
    }

    fn read_word(&mut self) {
        let start = self.at;
        self.at += word_length(self.rest());
        let word = &self.source[start..self.at];
        let (after_dot, after_end) = (self.after_dot, self.after_end);
        (self.after_dot, self.after_end, self.head) = (false, false, None);
        let strange = word.iter().filter(|byte| **byte == b'\\' || !byte.is_ascii()).count();
        if strange > 0 {
            // A name, keywords in disguise, or several of them with white space beyond ASCII.
            self.hold(2 * strange);
            (self.previous, self.head) = (Previous::Either, Some(Previous::Either));
            self.line_is_blank |= word.windows(3).any(is_line_separator);
            return;
        }
        self.line_is_blank = false;
        if word[0].is_ascii_digit() {
            self.read_fraction(start);
            self.nest(1);
            self.previous = Previous::Operand;
            return;
        }
        if after_dot {
            self.previous = Previous::Operand;
            return;
        }
        let kind = match kind_of(word) {
            // `of` is a name but in the head of a `for`.
            Word::Contextual if word == b"of" && !self.in_head() => Word::Name,
            kind => kind,
        };
        let continues =
            matches!(word, b"else" | b"while" | b"in" | b"instanceof" | b"of" | b"extends");
        if after_end && !continues {
            self.end_statement();
        }
        self.previous = match kind {
            Word::Name => Previous::Operand,
            Word::Contextual => Previous::Either,
            _ => Previous::Operator,
        };
        match kind {
            Word::Control | Word::ControlWithHead => self.hold(1),
            Word::Prefix | Word::Contextual => self.nest(1),
            Word::Before | Word::Name => {}
        }
        self.head = match (kind, word) {
            (Word::ControlWithHead, _) => Some(Previous::Operator),
            // `for await (…)`, or `await (…)`.
            (Word::Contextual, b"await") => Some(Previous::Either),
            _ => None,
        };
    }

    /// Whether this is directly in the parentheses of a `for`, or of its like.
    fn in_head(&mut self) -> bool {
        let level = self.level();
        level.opened_by == Opened::Parenthesis && level.then != Previous::Operand
    }

    /// The rest of a decimal number: `1.`, `1.5`, `1.e3`.
    fn read_fraction(&mut self, start: usize) {
        let is_decimal =
            self.source[start..self.at].iter().all(|b| b.is_ascii_digit() || *b == b'_');
        if is_decimal && self.rest().first() == Some(&b'.') {
            self.at += 1;
            self.at += word_length(self.rest());
        }
    }

    fn read_punctuator(&mut self, byte: u8) -> Result<(), Unsure> {
        let head = self.head.take();
        (self.after_dot, self.after_end) = (false, false);
        match byte {
            b'"' | b'\'' => self.skip_string(byte)?,
            b'`' => {
                self.nest(1);
                self.at += 1;
                self.read_template()?;
            }
            b'(' => self.open(Opened::Parenthesis, head.unwrap_or(Previous::Operand)),
            b'[' => self.open(Opened::Bracket, Previous::Operand),
            b'{' => self.open(Opened::Brace, Previous::Either),
            b')' => self.close(Opened::Parenthesis)?,
            b']' => self.close(Opened::Bracket)?,
            b'}' => self.close_brace()?,
            b',' | b';' => {
                self.end_expression();
                self.pass(Previous::Operator);
                self.after_end = byte == b';';
            }
            b'/' => match self.previous {
                Previous::Operand => self.operate(1),
                Previous::Operator => self.skip_regular_expression()?,
                Previous::Either => self.read_slash()?,
            },
            b'+' | b'-' if self.source.get(self.at + 1) == Some(&byte) => self.step(byte)?,
            // HTML-like comments, in scripts.
            b'<' if self.rest().starts_with(b"<!--") => return Err(Unsure),
            b'.' if self.rest().starts_with(b"...") => self.operate(3),
            b'.' | b'#' => {
                self.operate(1);
                self.after_dot = true;
            }
            _ => self.operate(1),
        }
        Ok(())
    }

    fn pass(&mut self, previous: Previous) {
        self.at += 1;
        self.previous = previous;
    }

    fn operate(&mut self, length: usize) {
        self.nest(length);
        self.at += length;
        self.previous = Previous::Operator;
    }

    /// `++` or `--`: after an operand on the same line it belongs to that operand.
    fn step(&mut self, byte: u8) -> Result<(), Unsure> {
        if byte == b'-' && self.line_is_blank && self.rest().starts_with(b"-->") {
            return Err(Unsure);
        }
        let before = match self.previous {
            Previous::Either => Previous::Either,
            _ if self.line_is_blank => Previous::Operator,
            previous => previous,
        };
        self.operate(2);
        self.previous = before;
        Ok(())
    }

    fn open(&mut self, opened_by: Opened, then: Previous) {
        self.nest(1);
        self.levels.push(Level { opened_by, then, held: 0, chain: 0 });
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        self.pass(Previous::Operator);
    }

    /// # Errors
    /// [`Unsure`] at a bracket that closes nothing: no script, or one we misread.
    fn close(&mut self, opened_by: Opened) -> Result<(), Unsure> {
        let level = *self.level();
        if level.opened_by != opened_by {
            return Err(Unsure);
        }
        self.levels.pop();
        self.depth -= 1 + level.held + level.chain;
        self.pass(level.then);
        Ok(())
    }

    fn close_brace(&mut self) -> Result<(), Unsure> {
        if self.level().opened_by == Opened::Substitution {
            self.close(Opened::Substitution)?;
            return self.read_template();
        }
        self.close(Opened::Brace)?;
        self.after_end = true;
        Ok(())
    }

    fn skip_string(&mut self, quote: u8) -> Result<(), Unsure> {
        let mut at = self.at + 1;
        loop {
            let rest = &self.source[at..];
            match memchr::memchr3(quote, b'\\', b'\n', rest).map(|found| (at + found, rest[found]))
            {
                Some((end, byte)) if byte == quote => {
                    at = end + 1;
                    break;
                }
                Some((backslash, b'\\')) => at = (backslash + 2).min(self.source.len()),
                _ => return Err(Unsure),
            }
        }
        let inside = &self.source[self.at..at];
        if memchr::memchr(b'\r', inside).is_some() {
            // Ends the line, and with it the script, unless it follows a backslash.
            return Err(Unsure);
        }
        self.at = at;
        self.previous = Previous::Operand;
        Ok(())
    }

    /// From inside a template to its end, or to the next substitution.
    fn read_template(&mut self) -> Result<(), Unsure> {
        loop {
            let Some(found) = memchr::memchr3(b'`', b'\\', b'$', self.rest()) else {
                return Err(Unsure);
            };
            self.at += found;
            match self.rest() {
                [b'`', ..] => {
                    self.pass(Previous::Operand);
                    return Ok(());
                }
                [b'$', b'{', ..] => {
                    self.at += 1;
                    self.open(Opened::Substitution, Previous::Operator);
                    return Ok(());
                }
                [b'$', ..] => self.at += 1,
                _ => self.at = (self.at + 2).min(self.source.len()),
            }
        }
    }

    /// A `/` that may divide or start a regular expression, as after most `}`. Succeeds if both
    /// readings lead to the same place, or if only one of them is possible.
    fn read_slash(&mut self) -> Result<(), Unsure> {
        let body = &self.source[self.at + 1..];
        let mut open = Vec::new();
        for (index, byte) in body.iter().enumerate() {
            match byte {
                // Outside regular expressions, only `\\u` is anything at all.
                b'\\' if body.get(index + 1) != Some(&b'u') => {
                    return self.skip_regular_expression();
                }
                b'(' | b'[' | b'{' => open.push(byte),
                b')' | b']' | b'}' => {
                    // In ASCII, brackets are one or two apart.
                    open.pop().filter(|open| byte.abs_diff(**open) <= 2).ok_or(Unsure)?;
                }
                b'/' => {
                    let ends_operand =
                        index > 0 && (is_word(body[index - 1]) || body[index - 1] == b')');
                    if !(open.is_empty() && ends_operand) {
                        return Err(Unsure);
                    }
                    self.nest(2 * index + 2);
                    self.at += index + 2;
                    self.previous = Previous::Either;
                    return Ok(());
                }
                b'"' | b'\'' | b'`' | b'\\' | b'\n' | b'\r' => return Err(Unsure),
                _ => {}
            }
        }
        Err(Unsure)
    }

    fn skip_regular_expression(&mut self) -> Result<(), Unsure> {
        let mut in_class = false;
        let mut at = self.at + 1;
        loop {
            match self.source.get(at) {
                None | Some(b'\n' | b'\r') => return Err(Unsure),
                Some(b'\\') => at += 1,
                Some(b'[') => in_class = true,
                Some(b']') => in_class = false,
                Some(b'/') if !in_class => break,
                Some(_) => {}
            }
            at += 1;
        }
        at += 1;
        at += word_length(&self.source[at.min(self.source.len())..]);
        self.at = at;
        self.previous = Previous::Operand;
        Ok(())
    }
}

/// Bytes of names, keywords and numbers; what is not ASCII counts with them.
static IS_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let c = byte as u8;
        table[byte] = c.is_ascii_alphanumeric() || matches!(c, b'_' | b'$' | b'\\') || c >= 0x80;
        byte += 1;
    }
    table
};

fn is_word(byte: u8) -> bool {
    IS_WORD[usize::from(byte)]
}

/// U+2028 and U+2029.
fn is_line_separator(text: &[u8]) -> bool {
    matches!(text, [0xE2, 0x80, 0xA8 | 0xA9])
}

fn word_length(text: &[u8]) -> usize {
    text.iter().position(|byte| !is_word(*byte)).unwrap_or(text.len())
}

fn kind_of(word: &[u8]) -> Word {
    if !(2..=10).contains(&word.len()) {
        return Word::Name;
    }
    match word {
        b"if" | b"for" | b"while" | b"with" => Word::ControlWithHead,
        b"else" | b"do" => Word::Control,
        b"typeof" | b"void" | b"delete" | b"new" | b"in" | b"instanceof" | b"extends" => {
            Word::Prefix
        }
        b"await" | b"yield" | b"of" | b"async" => Word::Contextual,
        b"return" | b"throw" | b"case" | b"default" => Word::Before,
        _ => Word::Name,
    }
}
