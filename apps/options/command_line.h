// The words of a command line, split by CLI11 into options and operands.
//
// CLI11 knows the forms: --name VALUE, --name=VALUE, -n VALUE, -nVALUE, flags in one word (-vq),
// and
// "--", behind which all words are operands. It knows neither kinds of values nor verbs nor a word
// of help, so that none of its messages can reach a person. Covered by
// tests/options/command_line_test.cc.
#pragma once

#include <string>
#include <vector>

#include "apps/options/exit_reason.h"
#include "apps/options/table.h"
#include "apps/options/values.h"

namespace options {

// A command line, split and checked.
struct Command {
  Values values;
  // The words that are neither options nor their values, in order. A verb is the first of them.
  std::vector<std::string> words = {};
  int verb = no_verb;
  bool wants_help = false;     // --help, or the verb "help"
  bool wants_version = false;  // --version
};

// Reads `argv` into a new command. Options that no verb has, and values that their options do not
// take, are errors; but not where help or the version is asked for. The words are left as they are.
// The table needs the flags "help" and "version".
[[nodiscard]] ExitReason read_command_line(int argc, const char* const* argv, Command& command);

// Takes the verb from the front of the words. Fails where the first word is none, and where an
// option was given that the verb does not take.
[[nodiscard]] ExitReason take_verb(Command& command);

// Makes `verb` the verb of the command. Fails where an option was given that it does not take.
[[nodiscard]] ExitReason use_verb(Command& command, int verb);

// Sets the operands of the program or its verb from the words. Fails where one is missing or where
// there are too many.
[[nodiscard]] ExitReason take_operands(Command& command);

}  // namespace options
