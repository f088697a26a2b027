# The rules of the house that C++ code can break, one rule a run:
#   awk -v rule=RULE -v root=ROOT -v tables=DIRECTORY -f house.awk -f includes.awk -f words.awk FILE...
#
# This is no C++ parser. Comments and literals are blanked; then a rule reads the rest: braces and the
# text in front of them for functions, statements for co_await, lines for most others. That is enough
# for code that clang-format has laid out. The rules about includes are in includes.awk, those about
# comments in words.awk. Covered by `check self-test`.
#
# Prints FILE:LINE: MESSAGE for each fault. Works in any POSIX awk; run it with LC_ALL=C.

FNR == 1 { end_of_file(); start_file() }

{
  last_line = FNR
  code = blank($0)
  if (rule == "opening") opening()
  else if (rule == "columns") columns()
  else if (rule == "words") words()
  else if (rule == "files") next
  else if (rule ~ /^(includes|ranks|rings)$/) { if (!blanked_comment) includes($0) }
  else if (is_directive(code)) next
  else if (rule == "functions") functions(code)
  else if (rule == "coroutines") coroutines(code)
}

END {
  end_of_file()
  if (rule == "includes") judge_fuzz()
  else if (rule == "ranks") judge_ranks()
  else if (rule == "rings") judge_rings()
  exit found > 0
}

function report(line, what) {
  print file ":" line ": " what
  found++
}

function start_file() {
  file = FILENAME
  sub(root "/", "", file)
  in_comment = raw_end = in_directive = 0
  seen_text = seen_once = 0
  depth = head_line = parens = 0
  head = statement = ""
  edges[file] = "" # also of a file without includes
}

function end_of_file() {
  if (file == "") return
  if (rule == "opening" && file ~ /\.h$/ && !seen_once) report(1, "a header without #pragma once")
  if (rule == "files" && file ~ /^apps\// && last_line > 450)
    report(last_line, "a file of " last_line " lines, 450 at most")
  if (rule == "functions" && depth != 0) report(last_line, "braces that do not balance hide functions")
  if (rule == "words") judge_words()
}

# ---- blanking: comments go, literals become "" ----------------------------------------------

# The code of a line. `comment` becomes the text after //, or "" where there is none.
function blank(line,    out, at, token, close_at) {
  out = comment = ""
  blanked_comment = in_comment
  while (1) {
    if (in_comment) {
      close_at = index(line, "*/")
      if (!close_at) return out
      line = substr(line, close_at + 2)
      in_comment = 0
    } else if (raw_end) {
      close_at = index(line, raw_end)
      if (!close_at) return out
      line = substr(line, close_at + length(raw_end))
      raw_end = 0
      out = out "\"\""
    }
    if (!match(line, /\/\/|\/\*|R"[^(]*\(|"|'/)) return out line
    at = RSTART
    token = substr(line, at, RLENGTH)
    out = out substr(line, 1, at - 1)
    line = substr(line, at + RLENGTH)
    if (token == "//") {
      comment = line
      return out
    }
    if (token == "/*") in_comment = 1
    else if (token == "\"" || token == "'") {
      if (token == "'" && out ~ /[0-9a-fA-F]$/ && line ~ /^[0-9a-fA-F]/) continue # 1'000
      line = after_literal(line, token)
      out = out token token
    } else raw_end = ")" substr(token, 3, length(token) - 3) "\""
  }
}

# What follows the closing quote.
function after_literal(line, quote) {
  while (match(line, "[\\\\" quote "]")) {
    if (substr(line, RSTART, 1) == quote) return substr(line, RSTART + 1)
    line = substr(line, RSTART + 2)
  }
  return ""
}

# A preprocessor line, or the continuation of one.
function is_directive(line,    was) {
  was = in_directive
  in_directive = (was || line ~ /^[ \t]*#/) && line ~ /\\$/
  return was || line ~ /^[ \t]*#/
}

# ---- opening: a file says why it exists; a header is included once -------------------------------

function opening() {
  if (!seen_text && $0 ~ /[^ \t]/) {
    seen_text = 1
    if ($0 !~ /^(\/\/|\/\*)/) report(FNR, "the file does not open with a comment")
  }
  if (code ~ /^#pragma once/) seen_once = 1
}

# ---- columns: 100 at most, counted in characters --------------------------------------------------

function columns(    line, bytes) {
  line = $0
  bytes = gsub(/[\200-\277]/, "", line)
  if (length(line) > 100) report(FNR, length(line) " columns, 100 at most")
}

# ---- functions: 70 lines at most ------------------------------------------------------------------

# `head` is what stands in front of a brace since the last ; { or }, `kind[depth]` what the brace is:
# a function, a scope whose braces may be functions, a value in the middle of a head ("member"), or
# anything else.
function functions(line,    at, mark) {
  while (match(line, /[{};]/)) {
    at = RSTART
    mark = substr(line, at, 1)
    grow_head(substr(line, 1, at - 1))
    line = substr(line, at + 1)
    if (mark == "{") {
      depth++
      kind[depth] = kind_of(head)
      first[depth] = head_line ? head_line : FNR
      if (kind[depth] == "member") { held[depth] = head; continue }
    } else if (mark == "}" && depth > 0) {
      if (kind[depth] == "function" && FNR - first[depth] + 1 > 70)
        report(first[depth], "a function of " (FNR - first[depth] + 1) " lines, 70 at most")
      depth--
      if (kind[depth + 1] == "member") { head = held[depth + 1] "()"; continue }
    }
    head = ""
    head_line = 0
  }
  grow_head(line)
}

function grow_head(text) {
  if (text ~ /[^ \t]/ && !head_line) head_line = FNR
  head = head " " text
}

function kind_of(head,    text, bare) {
  if (depth > 1 && kind[depth - 1] != "scope") return "block"
  text = head
  if (gsub(/\(/, "(", text) > gsub(/\)/, ")", text)) return "member" # `= {}` of a parameter
  gsub(/::/, ".", text)
  gsub(/alignas *\([^()]*\)/, "", text)
  if (text ~ /(^|[ \t])(namespace|class|struct|union|extern)[ \t]/ && text !~ /\)[^,>]*$/) return "scope"
  if (text ~ /^[ \t]*(namespace|extern)[ \t]*("")?[ \t]*$/) return "scope"
  # An = outside parentheses and angle brackets makes it a value, but for the name `operator=`.
  bare = text
  sub(/operator[ \t]*[^A-Za-z0-9_ \t(]+/, "operator", bare)
  while (gsub(/\([^()]*\)/, " ", bare) || gsub(/<[^<>]*>/, " ", bare)) continue
  if (text !~ /\(/ || bare ~ /=/) return "block"
  # Still in a constructor's list of members: `: size_` in front of {size}
  if (text ~ /\)[^()]*:[^?]*[A-Za-z0-9_>][ \t]*$/ && text !~ /(const|noexcept|override|final)[ \t]*$/)
    return "member"
  return "function"
}

# ---- coroutines: where co_await may stand, and that no lambda is a coroutine ----------------------

# Statements end at ; { or } outside parentheses. A brace that opens an initialiser or a lambda
# inside parentheses belongs to its statement.
function coroutines(line,    at, mark) {
  while (match(line, /[(){};]/)) {
    at = RSTART
    mark = substr(line, at, 1)
    add(substr(line, 1, at - 1))
    line = substr(line, at + 1)
    if (mark == "(") { parens++; add("("); continue }
    if (mark == ")") { if (parens > 0) parens--; add(")"); continue }
    if (mark == "{") open_brace()
    else if (mark == "}") close_brace()
    else if (parens > 0) add(";")
    else end_statement(";")
  }
  add(line)
}

function add(text) {
  if (statement !~ /[^ \t]/ && text ~ /[^ \t]/) statement_line = FNR
  statement = statement text " "
  if (text ~ /(^|[^A-Za-z0-9_])co_(await|return|yield)([^A-Za-z0-9_]|$)/ && depth > 0 && lambda[depth])
    report(FNR, "a lambda that is a coroutine")
}

function open_brace(    text) {
  text = statement
  gsub(/[ \t]+/, " ", text)
  depth++
  lambda[depth] = text ~ /[=(,&|?:{] ?\[[^][]*\] ?(\([^{}]*\))?( ?(mutable|noexcept|constexpr))* ?(-> ?[^;{}]*)?$/ ||
    text ~ /return \[[^][]*\] ?(\([^{}]*\))?( ?(mutable|noexcept|constexpr))* ?(-> ?[^;{}]*)?$/
  outer_parens[depth] = parens
  outer[depth] = statement
  outer_line[depth] = statement_line
  # `= {`, `f({` and `Options{` are values and go on; the others open a block. A lambda's body is
  # looked at as a block too, and what is around it goes on after its end.
  value[depth] = !lambda[depth] && (parens > 0 || text ~ /(=|,) ?$/ ||
    (text ~ /(=|co_await|co_return|return) .*[A-Za-z0-9_>] ?$/ && text !~ /\) (const|noexcept|override|final)? ?$/))
  if (value[depth]) { statement = statement "{"; return }
  if (!lambda[depth]) end_statement("{")
  parens = 0
  statement = ""
}

function close_brace() {
  if (depth == 0) return
  if (value[depth]) {
    statement = statement "}"
    depth--
    return
  }
  end_statement("}")
  parens = outer_parens[depth]
  if (lambda[depth]) {
    statement = outer[depth] "{}"
    statement_line = outer_line[depth]
  }
  lambda[depth] = 0
  depth--
}

function end_statement(mark,    text) {
  text = statement
  statement = ""
  if (text !~ /(^|[^A-Za-z0-9_])co_await([^A-Za-z0-9_]|$)/) return
  gsub(/[ \t]+/, " ", text)
  sub(/^ /, "", text)
  sub(/ $/, "", text)
  if (mark != ";") report(statement_line, "co_await in a condition or a braced list: " text)
  else judge_await(text)
}

function judge_await(text,    rest) {
  text = without_controls(text)
  if (text !~ /^co_await / && text !~ /^[A-Za-z_][A-Za-z0-9_:<>,.*& ]*[ &*>][A-Za-z_][A-Za-z0-9_]* = co_await /) {
    report(statement_line, "co_await is neither the statement nor the whole initialiser of one variable: " text)
    return
  }
  rest = text
  sub(/^[^=(]*= co_await |^co_await /, "", rest)
  if (rest ~ /(^|[^A-Za-z0-9_])co_await /) report(statement_line, "two co_await in one statement: " text)
  if (rest ~ /[(,{] ?\[[^][]*\] ?[({]/) report(statement_line, "a lambda in what is awaited: " text)
  if (rest ~ /std::(string|vector|function|make_[a-z]*|to_string|unique_ptr|shared_ptr)(<[^()]*>)? ?[({]/)
    report(statement_line, "an owning temporary in what is awaited: " text)
  rest = without_brackets(rest)
  if (rest ~ /[?+|%^=!]| [-*\/&<>]+ /) report(statement_line, "co_await is a part of an expression: " text)
}

# Drops `case x:`, `else`, and `if (…)`, `for (…)`, `while (…)` that do not await themselves.
function without_controls(text,    i, open_count, c) {
  while (1) {
    if (sub(/^(else|do) /, "", text) || sub(/^(case [A-Za-z0-9_:]+|default) ?: /, "", text)) continue
    if (text !~ /^(if|for|while) ?(constexpr )?\(/) return text
    open_count = 0
    for (i = index(text, "("); i <= length(text); i++) {
      c = substr(text, i, 1)
      if (c == "(") open_count++
      else if (c == ")" && --open_count == 0) break
    }
    if (substr(text, 1, i) ~ /co_await/) return text
    text = substr(text, i + 1)
    sub(/^ /, "", text)
  }
}

# Arguments in (), {} and [] are no part of the awaited expression's own operators.
function without_brackets(text) {
  while (gsub(/\([^(){}]*\)|\{[^(){}]*\}|\[[^][(){}]*\]/, "", text)) continue
  return text
}
