// print_message(): the messages of quoitd on standard error, one line each.
//
// Where standard error is a stream of systemd's journal, each line begins with its priority in the
// form "<6>", which the journal takes off: sd-daemon(3), systemd.exec(5) under JOURNAL_STREAM.
// Covered by tests/server/log/message_test.cc and tests/end_to_end/notify_test.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace server {

// The priorities of syslog(3) that quoitd uses.
enum class Severity : char {
  error = '3',    // a function does not work at present
  warning = '4',  // an option, a client or the system needs attention
  info = '6',     // the usual course of events
};

// Writes "quoitd: ", the formatted text and a line feed to standard error, in one write, which may
// wait: workers do not call it. A text beyond most_message_bytes is cut. Safe on every thread.
inline constexpr std::size_t most_message_bytes = 8192;
[[gnu::format(printf, 2, 3)]] void print_message(Severity severity, const char* format, ...);

// Writes `text` and a line feed, without a name in front.
void print_line(Severity severity, std::string_view text);

// The line or lines of `text`, which ends without a line feed, as standard error gets them: each
// with its priority in front if `to_journal`, and with a line feed.
std::string message_lines(Severity severity, std::string_view text, bool to_journal);

// Whether `journal_stream`, the value of JOURNAL_STREAM ("DEVICE:INODE"), names the open file `fd`.
// Null: the variable is not set.
bool is_journal(const char* journal_stream, int fd);

}  // namespace server
