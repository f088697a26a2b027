// The lines of the access log and the head log, from whole connections on the simulated engine.
#include "apps/server/connection/request_log.h"

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/connection_fixture.h"

namespace server {
namespace {

using lab::get_hello;
using lab::head_of;
using lab::hello;
using lab::pattern;

// A connection whose logs are files of another folder.
class RequestLog : public lab::ConnectionTest {
 protected:
  RequestLog() {
    make_writable();
    EXPECT_EQ(access_.open(), 0);
    EXPECT_EQ(heads_.open(), 0);
    world.shared.access_log = &access_;
    world.generation->logs_requests = true;
  }

  // Returns the request line in quotes, the status and the bytes of each line.
  std::vector<std::string> lines() {
    access_.stop();
    std::vector<std::string> all;
    std::istringstream text(logs_.get("access"));
    for (std::string line; std::getline(text, line);) {
      const std::size_t begin = line.find('"');
      all.push_back(line.substr(begin, line.find(" \"", begin) - begin));
    }
    return all;
  }

  lab::Folder logs_;
  AccessLog access_{(logs_ / "access").string(), LogFormat::combined};
  AccessLog heads_{(logs_ / "heads").string(), LogFormat::combined};
};

using Lines = std::vector<std::string>;

TEST_F(RequestLog, writes_a_line_for_each_response) {
  world.ask(get_hello + head_of("HEAD", "/hello.txt") + head_of("GET", "/none") +
            head_of("GET", "/hello.txt", "Range: bytes=1-2\r\n") + "bad\r\n\r\n");
  world.ask("");
  EXPECT_EQ(lines(), (Lines{"\"GET /hello.txt HTTP/1.1\" 200 6",
                            "\"HEAD /hello.txt HTTP/1.1\" 200 0", "\"GET /none HTTP/1.1\" 404 45",
                            "\"GET /hello.txt HTTP/1.1\" 206 2", "\"bad\" 400 78"}));
}

// The text of a line is in received bytes, which move and are overwritten: the line must be written
// before that.
TEST_F(RequestLog, writes_the_request_line_however_requests_are_split) {
  const std::string bytes =
      head_of("GET", "/hello.txt?1") + head_of("PUT", "/new?2", "Transfer-Encoding: chunked\r\n") +
      "3\r\nabc\r\n0\r\n\r\n" + head_of("GET", "/new?3", "Content-Length: 4\r\n") + "body" +
      head_of("DELETE", "/new?4");
  Lines expected;
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    const int socket = world.connect();
    world.say(socket, bytes.substr(0, at));
    world.say(socket, bytes.substr(at));
    world.engine.peer_finishes(socket);
    world.settle();
    expected.insert(expected.end(),
                    {"\"GET /hello.txt?1 HTTP/1.1\" 200 6", "\"PUT /new?2 HTTP/1.1\" 201 0",
                     "\"GET /new?3 HTTP/1.1\" 200 3", "\"DELETE /new?4 HTTP/1.1\" 204 0"});
  }
  EXPECT_EQ(lines(), expected);
}

TEST_F(RequestLog, writes_how_much_of_a_broken_response_was_sent) {
  world.root.put("large", pattern(2 * BlockPool::large_bytes));
  const int socket = world.connect();
  world.engine.peer_takes(socket, 1000);
  world.say(socket, get_hello + head_of("GET", "/large"));
  const std::string_view received = world.engine.peer_received(socket);
  const std::size_t body = received.rfind("\r\n\r\n") + 4;
  ASSERT_LT(body, received.size());
  const std::string sent = std::to_string(received.size() - body);
  world.worker.connections.stop();
  world.settle();
  EXPECT_EQ(lines(),
            (Lines{"\"GET /hello.txt HTTP/1.1\" 200 6", "\"GET /large HTTP/1.1\" 200 " + sent}));
}

TEST_F(RequestLog, writes_the_heads_if_the_head_log_is_on) {
  world.shared.head_log = &heads_;
  world.generation->logs_heads = true;
  world.generation->logs_requests = false;
  world.ask(head_of("GET", "/none", "Authorization: secret\r\n"));
  heads_.stop();
  EXPECT_TRUE(logs_.get("heads").starts_with(
      "* unix\n> GET /none HTTP/1.1\n> Host: a\n> Authorization: (masked)\n"
      "< HTTP/1.1 404 Not Found\n< Date: "));
}

}  // namespace
}  // namespace server
