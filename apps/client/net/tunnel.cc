// Covered by tests/client/net/proxy_test.cc.
#include "apps/client/net/tunnel.h"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/client/command/credentials.h"
#include "apps/client/command/retry.h"
#include "apps/client/net/request.h"
#include "apps/client/net/response.h"
#include "apps/client/net/transport.h"
#include "parser/write.h"

namespace client {

namespace {

// The head of the request; empty if it does not fit.
std::string_view write_connect(const Url& where, const Url& proxy, std::span<char> buffer) {
  http1::HeadWriter head(buffer);
  const std::string target = where.server();
  head.request_line("CONNECT", target);
  head.field("Host", target);
  head.field("User-Agent", "quoit/" QUOIT_VERSION);
  if (!proxy.userinfo.empty()) {
    head.field("Proxy-Authorization", basic_credentials(decode_percent(proxy.userinfo)));
  }
  head.end();
  return head.ok() ? head.written() : std::string_view();
}

// The status is the proxy's: no caller may take it for a response of the server. One that may pass,
// such as 503, counts as a failed connection, which --retry repeats.
ExitReason refused_by(const Channel& channel, const Url& where) {
  const int status = channel.head.status();
  std::string text = channel.server + ": the proxy responded " + status_text(channel.head) +
                     " to the request for a connection to " + where.server();
  if (status == 407) text += std::string(advice_on(status));
  const bool is_passing = is_transient({.code = ExitCode::http_error, .status = status});
  return exit_with(is_passing ? ExitCode::cannot_connect : ExitCode::proxy_refused,
                   std::move(text));
}

uring::Task<ExitCode> read_answer(Channel& channel) {
  while (true) {
    const ExitCode read = co_await read_head(channel, http1::Method::connect,
                                             channel.session.settings.connect_timeout_ms);
    if (read != ExitCode::ok || channel.head.status() >= 200) co_return read;
  }
}

}  // namespace

uring::Task<ExitCode> open_tunnel(Channel& channel, const Url& where, const Url& proxy) {
  std::vector<char> space(max_request_head_bytes);
  const std::string_view head = write_connect(where, proxy, space);
  if (head.empty()) {
    co_return channel.fail(ExitCode::usage, "the name of the server is too long for a proxy");
  }
  begin_head(channel);
  channel.responded = false;
  channel.interim_bytes = 0;
  channel.session.report.show_request(head);
  const ExitCode sent = co_await send_all(channel, channel.io, head, channel.error);
  if (sent != ExitCode::ok) co_return sent;
  const ExitCode read = co_await read_answer(channel);
  if (read != ExitCode::ok) co_return read;
  if (channel.head.status_class() != 2) {
    ExitReason refusal = refused_by(channel, where);
    begin_head(channel);
    co_return channel.fail(std::move(refusal));
  }
  if (!channel.received().empty()) {
    co_return channel.fail(ExitCode::weird_reply,
                           channel.server + ": the proxy sent bytes of its own before those of " +
                               where.server() + "; try again");
  }
  co_return ExitCode::ok;
}

}  // namespace client
