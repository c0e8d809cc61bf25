//! The functions of a file and their lengths.

/// One function with a body.
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of its `fn`, from 1.
    pub line: usize,
    /// Lines from its `fn` to the end of its body.
    pub length: usize,
}

/// The functions in code that was blanked; those inside others count too.
pub fn functions(code: &str) -> Vec<Function> {
    let starts = code.match_indices("fn ").map(|(at, _)| at);
    let words =
        starts.filter(|at| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
    words.filter_map(|at| function(code, at)).collect()
}

fn function(code: &str, at: usize) -> Option<Function> {
    let name: String =
        code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let end = at + body_end(&code[at..])?;
    let line = 1 + code[..at].matches('\n').count();
    let length = 1 + code[at..end].matches('\n').count();
    (!name.is_empty()).then_some(Function { name, line, length })
}

/// Where the body ends; `None` for a function without one.
fn body_end(code: &str) -> Option<usize> {
    let (mut braces, mut others) = (0, 0);
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'(' | b'[' => others += 1,
            b')' | b']' => others -= 1,
            b'{' => braces += 1,
            b'}' if braces <= 1 => return Some(at),
            b'}' => braces -= 1,
            b';' if braces == 0 && others == 0 => return None,
            _ => {}
        }
    }
    None
}

#[test]
fn functions_are_as_long_as_they_look() {
    let code =
        "trait A {\n    fn b(&self) -> [u8; 2];\n}\nfn c() {\n    fn d() {}\n    e(fn_f);\n}\n";
    let found: Vec<_> =
        functions(code).into_iter().map(|it| (it.name, it.line, it.length)).collect();
    assert_eq!(found, [("c".to_owned(), 4, 4), ("d".to_owned(), 5, 1)]);
}
