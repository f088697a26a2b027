// The table of options: one row for each option of a program, and texts around the rows.
//
// Each program has one constant Program. Parsing, --help, --print-config, the environment, the
// configuration file, README's table, the man page and the completions of shells are all made from
// it, so that a name, a default or a limit stands in one place. The table is plain constant data.
// Covered by tests/options/table_test.cc.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <sysexits.h>
#include <vector>

namespace options {

enum class Kind : std::uint8_t {
  flag,       // given or not; true or false in the environment and in a file
  text,       // any text that is not empty
  file,       // the path of a file
  directory,  // the path of a directory
  choice,     // one of `choices`
  count,      // a whole number
  bytes,      // a whole number with an optional unit: K, M, G or T, powers of 1024
  seconds,    // a number that may have a fraction; limits are in milliseconds
};

// The verbs that an option belongs to: bit i is verb i of the program.
using Verbs = std::uint32_t;
inline constexpr Verbs all_verbs = ~Verbs{0};

struct Option {
  // "max-head": --max-head, QUOIT_MAX_HEAD and `max-head = `. In lower case, words joined by
  // dashes.
  std::string_view name;
  char short_name = '\0';
  Kind kind = Kind::text;
  std::string_view metavar = {};  // the name of the value in help; empty: the choices, or none
  std::string_view section = {};  // the heading in help
  std::string_view help = {};     // the effect of the option; default and limits are added
  std::string_view details = {};  // further sentences, for the man page and README
  // The default as a person would write it. Empty: none, or, for a flag, false.
  std::string_view default_text = {};
  std::string_view default_note = {};  // the meaning of the default, or its reason
  std::string_view allowed = {};       // describes a value; empty: by kind and limits
  std::string_view example = {};       // a value; empty: for a flag
  std::string_view choices = {};       // "auto|ring|epoll"; of a text: values that shells offer
  std::uint64_t least = 0;             // count, bytes, and seconds in milliseconds
  std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  bool repeatable = false;
  bool is_operand = false;     // stands without a name: ROOT
  bool is_required = false;    // an operand that may not be left out, a list that may not be empty
  bool in_environment = true;  // QUOIT_NAME sets it
  bool in_file = true;         // a configuration file may set it
  // A program that reads its options again while it runs refuses a change of this one.
  bool needs_new_process = false;
  char separator = ',';  // between the values of a repeatable option in the environment
  Verbs verbs = all_verbs;
};

// An action of a program that has several: `quoit get`.
struct Verb {
  std::string_view name;
  std::string_view summary;  // completes "quoit get: ..."
  std::string_view details;  // a paragraph for the verb's own help and the man page
  std::string_view example;  // a command
};

// The verb that explains the program, or the verb behind it, if the program has it.
inline constexpr std::string_view help_verb = "help";

// A term and its meaning: an exit status, a file, a signal, a command of the examples.
struct Term {
  std::string_view term;
  std::string_view meaning;
};

struct Program {
  std::string_view name;
  std::string_view summary;      // one line without a full stop, for the man page's NAME
  std::string_view date;         // "November 29, 2026": when these texts changed, for the man page
  std::span<const Term> usage;   // words behind the program's name, and their effect
  std::string_view description;  // paragraphs, separated by empty lines
  std::span<const Option> options;
  std::span<const Verb> verbs;
  std::span<const Term> examples;
  std::span<const Term> exit_statuses;
  std::span<const Term> files;
  std::span<const Term> signals;
  std::string_view see_also;    // a man page's name, of section 1
  int usage_status = EX_USAGE;  // for a wrong command line
  int config_status = EX_CONFIG;
};

// The option of that name, or null.
[[nodiscard]] const Option* find_option(const Program& program, std::string_view name);
// The option of that letter, or null.
[[nodiscard]] const Option* find_short_option(const Program& program, char letter);

// The index of the verb of that name, in any letter case; no_verb where there is none.
inline constexpr int no_verb = -1;
[[nodiscard]] int find_verb(const Program& program, std::string_view name);

// Whether the verb of that index takes `option`; with no_verb: always.
[[nodiscard]] bool belongs_to(const Option& option, int verb);

// The choices, in the order of the table; empty if there are none.
[[nodiscard]] std::vector<std::string_view> choices_of(const Option& option);

// QUOIT_MAX_HEAD for max-head.
[[nodiscard]] std::string variable_of(const Option& option);

// How messages and help name the option: --max-head, or the metavar of an operand.
[[nodiscard]] std::string label_of(const Option& option);

}  // namespace options
