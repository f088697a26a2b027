// Fuzzes the admin listener: the input is all that a client sends, the response is checked.
//
// Oracles:
//   - an input that is a request, or none, gets one whole response, which closes the connection
//   - only GET and HEAD get 200 or 503, and the response to HEAD has no content
//   - the response to bytes that are no request is an error of the client
//   - two equal inputs get equal responses, also with other bytes behind the head
// Covered by the replay of corpus/admin in every build.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "apps/server/admin/answer.h"
#include "fuzz/bytes.h"
#include "fuzz/require.h"
#include "parser/parse.h"

namespace {

using fuzz::require;
using http1::Method;
using http1::Progress;

const server::Snapshot& snapshot() {
  static const server::Snapshot constant = [] {
    server::Snapshot made{.now_seconds = 784'111'777};
    made.workers.resize(2);
    made.sums.methods[0].requests[100] = 1;
    made.process.engine = "epoll";
    made.process.readiness.is_draining = true;
    return made;
  }();
  return constant;
}

// Checks that the response is whole, and returns its status.
int check_response(std::string_view response, Method method) {
  http1::ResponseHead head;
  require(http1::parse_response(response, head, method) == Progress::done, "a response has a head");
  require(!head.keep_alive(), "a response closes the connection");
  const http1::Body body = head.body();
  const std::uint64_t content = method == Method::head ? 0 : body.length;
  require(method == Method::head || body.kind == http1::BodyKind::length,
          "its length is announced");
  require(response.size() - head.size() == content, "it has its content, and nothing behind it");
  return head.status();
}

void check_request(const http1::RequestHead& head) {
  const std::string response = server::answer_admin(head, snapshot());
  const Method method = head.method();
  const int status = check_response(response, method);
  const bool reads = method == Method::get || method == Method::head;
  require(reads || status == 404 || status == 405, "other methods are refused");
  require(status == 200 || status == 404 || status == 405 || status == 503,
          "there are four statuses");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::text_of_input(data, size);
  http1::RequestHead head;
  switch (http1::parse_request(input, head, server::admin_limits)) {
    case Progress::more:
      require(input.size() <= server::admin_limits.head_bytes, "an incomplete head is bounded");
      break;
    case Progress::done: {
      check_request(head);
      const fuzz::Text longer{input, "x"};
      http1::RequestHead other;
      require(http1::parse_request(longer.view(), other, server::admin_limits) == Progress::done,
              "bytes behind a request have no effect");
      require(server::answer_admin(other, snapshot()) == server::answer_admin(head, snapshot()),
              "the response depends on the head alone");
      break;
    }
    case Progress::failed: {
      const std::string response = server::refuse_admin(head.failure().error, snapshot());
      const int status = check_response(response, Method::get);
      require(status >= 400 && status < 600, "an error has the status of an error");
      break;
    }
  }
  return 0;
}
