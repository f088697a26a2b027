# The rule `words`, for house.awk: comments of apps/ and uring/ use the terms that every engineer
# knows. The table `words` beside this file has a pattern a line, and the term to use instead.
#
# Lines of // that follow each other are one text, so that a pattern may go over the end of a line.
# Patterns are matched as whole words in lower case; "<s> " stands where a sentence or a clause
# begins: at the beginning of a comment, and behind a full stop, a colon or a semicolon.
# Covered by `check self-test`.

function words() {
  if (file !~ /^(apps|uring)\//) return
  if (comment !~ /[A-Za-z]/ || code ~ /[^ \t]/) judge_words()
  if (comment !~ /[A-Za-z]/) return
  if (text == "" || text ~ /[.:;]$/) text = text " <s>"
  text_begin[++text_lines] = length(text) + 1
  text_line[text_lines] = FNR
  text = text " " marked(tolower(comment))
}

# The comment, with its markers; white space is single.
function marked(comment) {
  gsub(/[ \t]+/, " ", comment)
  gsub(/^ | $/, "", comment)
  gsub(/[.:;] /, "&<s> ", comment)
  return comment
}

function judge_words(    i, at, rest, base) {
  if (text == "") return
  if (!word_count) read_words()
  text = text " ; "
  for (i = 1; i <= word_count; i++) {
    base = 0
    rest = text
    while (match(rest, "[^a-z0-9_](" word[i] ")[^a-z0-9_]")) {
      at = RSTART
      report(text_line_at(base + at), "\"" plain(substr(rest, at + 1, RLENGTH - 2)) "\": " advice[i])
      base += at
      rest = substr(rest, at + 1)
    }
  }
  text = ""
  text_lines = 0
}

function plain(found) { gsub(/<s> /, "", found); return found }

function text_line_at(at,    k) {
  for (k = text_lines; k > 1 && text_begin[k] > at; k--) continue
  return text_line[k]
}

# A line of the table: PATTERN, two spaces or more, the advice.
function read_words(    line, table) {
  table = tables "/words"
  while ((getline line < table) > 0) {
    if (line ~ /^#/ || !match(line, /   */)) continue
    word[++word_count] = substr(line, 1, RSTART - 1)
    advice[word_count] = substr(line, RSTART + RLENGTH)
  }
  close(table)
}
