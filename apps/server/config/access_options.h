// The rows of the table of options about users and their rights.
//
// Covered by tests/server/config/option_table_test.cc.
#pragma once

#include <array>

#include "apps/options/table.h"

namespace server {

using options::Kind;
using options::Option;

inline constexpr std::array access_options = {
    Option{.name = "users",
           .kind = Kind::file,
           .metavar = "FILE",
           .section = "Access",
           .help = "users and hashes of their passwords, one NAME:HASH a line, as htpasswd -B and "
                   "quoit passwd write them. Without --allow, users may do all and others nothing",
           .details = "bcrypt, yescrypt and SHA crypt are known. SIGHUP reads the file again.",
           .default_note = "no passwords: everyone may do all",
           .example = "/etc/quoit/users",
           .needs_new_process = true},
    Option{.name = "tokens",
           .kind = Kind::file,
           .metavar = "FILE",
           .section = "Access",
           .help = "tokens for programs, one NAME:SHA256 a line, as 'quoitd token NAME' makes "
                   "them. A program sends its token as Bearer, or as a password with any user",
           .details = "A token has the rights of its name. SIGHUP reads the file again.",
           .default_note = "none",
           .example = "/etc/quoit/tokens",
           .needs_new_process = true},
    Option{.name = "allow",
           .metavar = "RULE",
           .section = "Access",
           .help =
               "'WHO RIGHTS [PATH]': WHO is anyone, users (all with a password, a token or a "
               "certificate), a name or cert:NAME; RIGHTS is r, w, rw, c (create only) or - "
               "(none). The rule "
               "with the deepest PATH decides, at equal depth a name before users before anyone",
           .default_note = "'users rw' with --users, --tokens or --tls-client-ca, else 'anyone rw'",
           .allowed = "'WHO RIGHTS [PATH]', as 'alice rw /incoming'",
           .example = "anyone r",
           .repeatable = true},
};

}  // namespace server
