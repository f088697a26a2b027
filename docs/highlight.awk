# Converts C++ to HTML: each line becomes a <span class="line">, with comments (c), literals (s), keywords (k), the
# coroutine words (a), preprocessor lines (p) and numbers (n) marked for style.css to colour.
#
# -v name=NAME gives each line an id, NAME-12; -v first=A -v last=B prints these lines only. The state of
# multi-line tokens (block comments, raw strings) is in `open`. Works in any POSIX awk.

BEGIN {
  split("alignas alignof asm auto bool break case catch char class concept const consteval " \
    "constexpr constinit continue decltype default delete do double else enum explicit extern " \
    "false final float for friend goto if inline int long mutable namespace new noexcept nullptr " \
    "operator override private protected public requires return short signed sizeof static " \
    "static_assert struct switch template this throw true try typedef typename union unsigned " \
    "using virtual void volatile while", words, " ")
  for (i in words) class_of[words[i]] = "k"
  class_of["co_await"] = class_of["co_return"] = class_of["co_yield"] = "a"
  open = ""
}

{
  html = highlight($0)
  if (first && (FNR < first || FNR > last)) next
  id = name ? " id=\"" name "-" FNR "\"" : ""
  printf "<span class=\"line\"%s>%s\n</span>", id, html
}

function highlight(line,    out, token) {
  out = ""
  if (!open && line ~ /^[ \t]*#/) return directive(line)
  while (line != "") {
    if (open) {
      token = up_to(line, open)
      out = out mark(open == "*/" ? "c" : "s", token)
      if (ends_with(token, open)) open = ""
    } else if (match(line, /^\/\/.*/)) {
      token = line
      out = out mark("c", token)
    } else if (match(line, /^\/\*/)) {
      open = "*/"
      token = "/*"
      out = out mark("c", token)
    } else if (match(line, /^R"[^(]*\(/)) {
      token = substr(line, 1, RLENGTH)
      open = ")" substr(token, 3, length(token) - 3) "\""
      out = out mark("s", token)
    } else if (line ~ /^["']/) {
      token = literal(line)
      out = out mark("s", token)
    } else if (match(line, /^[A-Za-z_][A-Za-z0-9_]*/)) {
      token = substr(line, 1, RLENGTH)
      out = out (token in class_of ? mark(class_of[token], token) : token)
    } else if (match(line, /^[0-9]([0-9A-Za-z.]|'[0-9A-Fa-f])*/)) {
      token = substr(line, 1, RLENGTH)
      out = out mark("n", token)
    } else {
      match(line, /^[^A-Za-z0-9_"'\/]+/)
      token = substr(line, 1, RLENGTH > 0 ? RLENGTH : 1)
      out = out escape(token)
    }
    line = substr(line, length(token) + 1)
  }
  return out
}

# `#include <x>  // reason`: marks the comment as a comment.
function directive(line,    at) {
  at = match(line, /[ \t]\/\//)
  if (!at) return mark("p", line)
  return mark("p", substr(line, 1, at)) mark("c", substr(line, at + 1))
}

# A string or character literal at the start of the line, with its quotes.
function literal(line,    quote, i, c) {
  quote = substr(line, 1, 1)
  for (i = 2; i <= length(line); i++) {
    c = substr(line, i, 1)
    if (c == "\\") i++
    else if (c == quote) break
  }
  return substr(line, 1, i)
}

function up_to(line, end,    at) {
  at = index(line, end)
  return at ? substr(line, 1, at + length(end) - 1) : line
}

function ends_with(text, end) {
  return length(text) >= length(end) && substr(text, length(text) - length(end) + 1) == end
}

function mark(class, text) { return "<i class=\"" class "\">" escape(text) "</i>" }

function escape(text) {
  gsub(/&/, "\\&amp;", text)
  gsub(/</, "\\&lt;", text)
  gsub(/>/, "\\&gt;", text)
  return text
}
