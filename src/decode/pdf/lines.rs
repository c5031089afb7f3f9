//! From characters and their places to lines: pieces of words are joined, columns are kept apart.
use kurbo::{Affine, Point, Vec2};

/// A gap that is a space, in widths of an em: within what is shown at once, where letters may be spaced out.
const SPACE: f32 = 0.25;
/// The same between what is shown one after the other.
const SPACE_BETWEEN: f32 = 0.15;
/// A gap that is the edge of a column.
const COLUMN: f32 = 0.8;
/// How far letters may be set into one another.
const OVERLAP: f32 = -0.25;
/// How far the base of a piece may be off the line's, in ems.
const OFF_BASE: f32 = 0.4;
/// How near two pieces with the same text are one that is printed twice, to look bold.
const TWICE: f32 = 0.3;
/// The same for single letters, some of which are narrow.
const LETTER_TWICE: f32 = 0.12;

/// Where a character is: along the direction it is written in, and across.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glyph {
    /// The direction, in degrees.
    angle: i16,
    from: f32,
    to: f32,
    base: f32,
    em: f32,
    /// Where its text begins.
    start: usize,
    /// Whether it is the first of what is shown at once.
    first: bool,
}

impl Glyph {
    /// A character at the origin of `place`; `em` is the size and `wide` the width, along the line.
    pub fn new(place: Affine, em: Vec2, wide: Vec2) -> Option<Self> {
        let [a, b, c, d, ..] = place.as_coeffs();
        let turned = |v: Vec2| Vec2::new(a * v.x + c * v.y, b * v.x + d * v.y);
        let (origin, em, wide) = (place * Point::ORIGIN, turned(em), turned(wide));
        // A size below zero turns the letters round, not the way they follow each other.
        let way = if wide.hypot2() > 0.0 { wide } else { em };
        let way = way / way.hypot();
        let across = Vec2::new(way.y, -way.x);
        let (from, base) = (origin.to_vec2().dot(way), origin.to_vec2().dot(across));
        let all = [from, base, em.hypot(), wide.hypot()];
        all.iter().all(|n| n.is_finite() && n.abs() < 1e7).then(|| Glyph {
            angle: way.atan2().to_degrees().round() as i16,
            from: from as f32,
            to: (from + wide.hypot()) as f32,
            base: base as f32,
            em: (em.hypot() as f32).max(1e-3),
            start: 0,
            first: false,
        })
    }
}

impl Glyph {
    /// Whether the other one stands in the same place.
    fn is_under(&self, other: &Glyph) -> bool {
        let near = LETTER_TWICE * self.em.min(other.em);
        self.angle == other.angle
            && (self.from - other.from).abs() < near
            && (self.base - other.base).abs() < near
    }
}

/// Characters that follow each other.
#[derive(Debug)]
struct Run {
    angle: i16,
    from: f32,
    to: f32,
    base: f32,
    em: f32,
    text: std::ops::Range<usize>,
}

/// The characters of a page.
#[derive(Default)]
pub(super) struct Lines {
    glyphs: Vec<Glyph>,
    text: String,
    first: bool,
    /// What stands in no place of its own.
    more: String,
}

impl Lines {
    /// How many characters there are.
    pub fn len(&self) -> usize {
        self.glyphs.len()
    }

    /// Begins what is shown at once.
    pub fn begin(&mut self) {
        self.first = true;
    }

    /// Adds a character.
    pub fn push(&mut self, glyph: Glyph, text: &str) {
        if let Some(last) = self.glyphs.last()
            && last.is_under(&glyph)
            && self.text[last.start..] == *text
        {
            return;
        }
        let first = std::mem::take(&mut self.first);
        self.glyphs.push(Glyph { start: self.text.len(), first, ..glyph });
        self.text += text;
    }

    /// Takes the text that is said to stand for all from glyph `from` on. What is drawn is read all the same: the
    /// replacement is added where it says something else.
    pub fn replace(&mut self, from: usize, text: &str) {
        let drawn = self.glyphs.get(from).map_or("", |glyph| &self.text[glyph.start..]);
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let new = digits(text);
        if !new.is_empty() && new != digits(drawn) {
            self.more += text;
            self.more.push('\n');
        }
    }

    /// The lines, from top to bottom.
    pub fn into_text(self) -> String {
        let (mut runs, text) = self.runs();
        let mut angles = Vec::new();
        for run in &runs {
            if !angles.contains(&run.angle) {
                angles.push(run.angle);
            }
        }
        let rank = |angle| angles.iter().position(|other| *other == angle);
        // Stable: what is on top of one another stays in the order it was written.
        runs.sort_by(|a, b| rank(a.angle).cmp(&rank(b.angle)).then(a.base.total_cmp(&b.base)));
        let mut out = String::with_capacity(text.len() + runs.len());
        let mut rest = runs.as_mut_slice();
        while let Some(first) = rest.first() {
            let (angle, base, em) = (first.angle, first.base, first.em);
            let is_near = |run: &Run| run.angle == angle && run.base - base <= OFF_BASE * em.min(run.em);
            let count = rest.iter().position(|run| !is_near(run)).unwrap_or(rest.len());
            let (line, behind) = rest.split_at_mut(count.max(1));
            line.sort_by(|a, b| a.from.total_cmp(&b.from));
            write(line, &text, &mut out);
            out.push('\n');
            rest = behind;
        }
        out + &self.more
    }

    /// Joins the characters that follow each other; the second is their text with spaces where there are gaps.
    fn runs(&self) -> (Vec<Run>, String) {
        let mut runs: Vec<Run> = Vec::new();
        let mut text = String::with_capacity(self.text.len() + self.text.len() / 8);
        for (at, glyph) in self.glyphs.iter().enumerate() {
            let end = self.glyphs.get(at + 1).map_or(self.text.len(), |next| next.start);
            let own = &self.text[glyph.start..end];
            let begin = text.len();
            match runs.last_mut() {
                Some(run) if run.is_followed_by(glyph) => {
                    let gap = (glyph.from - run.to) / glyph.em.max(run.em);
                    if gap > SPACE {
                        text.push(' ');
                    }
                    text += own;
                    run.text.end = text.len();
                    run.to = run.to.max(glyph.to);
                }
                _ => {
                    text += own;
                    let Glyph { angle, from, to, base, em, .. } = *glyph;
                    runs.push(Run { angle, from, to, base, em, text: begin..text.len() });
                }
            }
        }
        (runs, text)
    }
}

impl Run {
    fn is_followed_by(&self, glyph: &Glyph) -> bool {
        let em = self.em.max(glyph.em);
        let gap = (glyph.from - self.to) / em;
        self.angle == glyph.angle
            && (self.base - glyph.base).abs() < 0.1 * em
            && (OVERLAP..if glyph.first { SPACE_BETWEEN } else { COLUMN }).contains(&gap)
    }
}

/// Writes the pieces of a line, from left to right.
fn write(line: &[Run], text: &str, out: &mut String) {
    let mut last: Option<&Run> = None;
    for run in line {
        let own = &text[run.text.clone()];
        if let Some(last) = last {
            let em = last.em.max(run.em);
            if (run.from - last.from).abs() < TWICE * em && own == &text[last.text.clone()] {
                continue;
            }
            let gap = (run.from - last.to) / em;
            // Pieces that lie on one another have nothing to do with one another.
            match gap {
                _ if gap > COLUMN => out.push('\t'),
                _ if !(2.0 * OVERLAP..=SPACE_BETWEEN).contains(&gap) => out.push(' '),
                _ => {}
            }
        }
        *out += own;
        last = Some(run);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows `text` with letters of half an em at size 10.
    fn show(lines: &mut Lines, x: f64, y: f64, text: &str) {
        lines.begin();
        for (at, char) in text.chars().enumerate() {
            let place = Affine::translate((x + 5.0 * at as f64, y));
            let glyph = Glyph::new(place, Vec2::new(10.0, 0.0), Vec2::new(5.0, 0.0)).expect("a place");
            lines.push(glyph, &char.to_string());
        }
    }

    fn text(parts: &[(f64, f64, &str)]) -> String {
        let mut lines = Lines::default();
        for (x, y, text) in parts {
            show(&mut lines, *x, *y, text);
        }
        lines.into_text()
    }

    #[test]
    fn pieces_of_a_number_are_joined_and_columns_are_not() {
        assert_eq!(text(&[(0.0, 0.0, "1101"), (20.5, 0.0, "0119")]), "11010119\n");
        assert_eq!(text(&[(0.0, 0.0, "138"), (21.0, 0.0, "000")]), "138 000\n");
        assert_eq!(text(&[(0.0, 0.0, "138"), (30.0, 0.0, "000")]), "138\t000\n");
    }

    #[test]
    fn lines_go_from_top_to_bottom_whatever_the_order() {
        assert_eq!(
            text(&[(50.0, 0.0, "d"), (0.0, 0.0, "c"), (50.0, 20.0, "b"), (0.0, 21.0, "a")]),
            "a\tb\nc\td\n"
        );
    }

    #[test]
    fn what_is_printed_twice_is_read_once() {
        assert_eq!(text(&[(0.0, 0.0, "138"), (0.3, 0.0, "138")]), "138\n");
        let twice: Vec<_> = [(0.0, "1"), (5.0, "3"), (10.0, "8")]
            .into_iter()
            .flat_map(|(x, text)| [(x, 0.0, text), (x + 0.3, 0.1, text)])
            .collect();
        assert_eq!(text(&twice), "138\n");
        assert_eq!(text(&[(0.0, 0.0, "138000"), (1.0, 1.0, "139")]).trim(), "138000 139");
    }

    #[test]
    fn a_replacement_is_added_where_it_says_more() {
        let mut lines = Lines::default();
        show(&mut lines, 0.0, 0.0, "138");
        lines.replace(0, "138");
        lines.replace(0, "139");
        assert_eq!(lines.into_text(), "138\n139\n");
    }
}
