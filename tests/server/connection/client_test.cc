// Clients that a trusted proxy announces, in a PROXY header or in a field of each request. On the
// simulated engine, all of whose peers are those of unix sockets.
#include "apps/server/connection/client.h"

#include <string>

#include <gtest/gtest.h>

#include "apps/server/listen/address_counts.h"
#include "tests/server/connection_fixture.h"

namespace server {
namespace {

using lab::get_hello;
using lab::head_of;
using lab::hello;
using lab::slack_ms;
using lab::statuses_of;

class Announced : public lab::ConnectionTest {
 protected:
  Announced() {
    for (const char* network : {"unix", "10.0.0.0/8"})
      add_network(network, world.generation->trust);
  }
  // Allows one connection of each address.
  void limit_addresses() {
    world.generation->most_from_address = 1;
    world.generation->addresses = std::make_shared<AddressCounts>(16, 42);
  }
};

// --- PROXY headers ---

class ProxyConnection : public Announced {
 protected:
  ProxyConnection() { world.generation->proxy_protocol = true; }
  void expect_closed_without_response(int socket) {
    EXPECT_TRUE(world.engine.closed(socket));
    EXPECT_EQ(world.heard(socket), "");
  }
};

const std::string header = "PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r\n";
const std::string other_header = "PROXY TCP4 192.0.2.2 198.51.100.1 1 2\r\n";
const std::string own_header("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16);  // LOCAL

TEST_F(ProxyConnection, serves_requests_behind_the_header) {
  EXPECT_EQ(world.ask(header + get_hello), hello);
  EXPECT_EQ(world.ask(header + get_hello + get_hello), hello + hello);
  const int socket = world.connect();
  EXPECT_EQ(world.say(socket, header), "");
  EXPECT_EQ(world.say(socket, get_hello), hello);
  EXPECT_EQ(world.say(socket, get_hello), hello + hello);
}

TEST_F(ProxyConnection, takes_a_header_in_pieces) {
  const std::string stream = header + get_hello;
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    const int socket = world.connect();
    EXPECT_EQ(world.say(socket, stream.substr(0, cut)), "");
    EXPECT_EQ(world.say(socket, stream.substr(cut)), hello) << cut;
    world.engine.peer_finishes(socket);
    world.settle();
  }
}

TEST_F(ProxyConnection, that_begins_without_a_header_is_closed_without_a_response) {
  for (const std::string& bytes : {get_hello, std::string("\r\n"), "PROXY " + get_hello,
                                   "PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n" + get_hello}) {
    const int socket = world.connect();
    world.say(socket, bytes + std::string(20, ' '));
    expect_closed_without_response(socket);
  }
}

TEST_F(ProxyConnection, that_has_a_second_header_gets_400) {
  EXPECT_EQ(statuses_of(world.ask(header + header + get_hello)), std::vector{400});
}

TEST_F(ProxyConnection, may_end_before_or_behind_the_header) {
  EXPECT_EQ(world.ask(""), "");
  EXPECT_EQ(world.ask("PRO"), "");
  EXPECT_EQ(world.ask(own_header), "");
}

TEST_F(ProxyConnection, whose_header_is_late_is_closed_without_a_response) {
  for (const char* begin : {"", "PROXY TCP4 "}) {
    const int socket = world.connect();
    world.say(socket, begin);
    world.pass(proxy_header_ms - 1);
    EXPECT_FALSE(world.engine.closed(socket));
    world.pass(1 + slack_ms);
    expect_closed_without_response(socket);
  }
}

TEST_F(ProxyConnection, has_the_usual_time_for_requests_behind_the_header) {
  const int socket = world.connect();
  world.say(socket, header);
  world.pass(2 * proxy_header_ms);
  EXPECT_EQ(world.say(socket, get_hello), hello);
}

TEST_F(ProxyConnection, whose_header_is_longer_than_the_largest_head_is_closed) {
  world.site.limits.head_bytes = 256;
  std::string long_header("\r\n\r\n\0\r\nQUIT\n\x20\0\x0f\xf0", 16);
  long_header += std::string(0x0ff0, 'x');
  const int socket = world.connect();
  for (std::size_t at = 0; at < long_header.size() && !world.engine.closed(socket); at += 100) {
    world.say(socket, long_header.substr(at, 100));
  }
  expect_closed_without_response(socket);
}

TEST_F(ProxyConnection, counts_for_the_announced_client) {
  limit_addresses();
  const int first = world.connect();
  EXPECT_EQ(world.say(first, header + get_hello), hello);
  EXPECT_EQ(statuses_of(world.ask(header + get_hello)), std::vector{503});
  EXPECT_EQ(world.ask(other_header + get_hello), hello);
  EXPECT_EQ(world.ask(own_header + get_hello), hello);
  world.engine.peer_finishes(first);
  world.settle();
  EXPECT_EQ(world.ask(header + get_hello), hello);
}

TEST_F(ProxyConnection, that_is_idle_ends_when_the_worker_drains) {
  const int socket = world.connect();
  world.settle();
  world.worker.drain();
  world.pass(slack_ms);
  constexpr uring::Milliseconds draining_ms = 1000;
  world.pass(draining_ms + slack_ms);
  expect_closed_without_response(socket);
}

// --- Fields ---

std::string get_for(std::string_view client) {
  return head_of("GET", "/hello.txt", "X-Forwarded-For: " + std::string(client) + "\r\n");
}

std::string put_for(std::string_view client) {
  return head_of("PUT", "/a",
                 "Content-Length: 5\r\nX-Forwarded-For: " + std::string(client) + "\r\n");
}

TEST_F(Announced, clients_share_a_connection) {
  const int socket = world.connect();
  EXPECT_EQ(world.say(socket, get_for("192.0.2.1") + get_for("192.0.2.2")), hello + hello);
  EXPECT_EQ(world.say(socket, get_hello + get_for("unknown")), hello + hello + hello + hello);
}

TEST_F(Announced, client_is_limited_while_its_requests_are_served) {
  limit_addresses();
  make_writable();
  const int first = world.connect();
  world.say(first, put_for("192.0.2.1") + "he");
  EXPECT_EQ(statuses_of(world.ask(get_for("192.0.2.1"))), std::vector{503});
  EXPECT_EQ(world.ask(get_for("192.0.2.2")), hello);
  EXPECT_EQ(world.ask(get_hello), hello);  // of the proxy itself, which has no limit
  EXPECT_EQ(statuses_of(world.say(first, "llo")), std::vector{201});
  EXPECT_EQ(world.ask(get_for("192.0.2.1")), hello);  // the first connection is idle
}

TEST_F(Announced, client_cannot_name_another_one) {
  limit_addresses();
  make_writable();
  const int first = world.connect();
  world.say(first, put_for("192.0.2.1") + "he");
  EXPECT_EQ(statuses_of(world.ask(get_for("192.0.2.2, 192.0.2.1"))), std::vector{503});
  EXPECT_EQ(statuses_of(world.ask(get_for("\"192.0.2.2, 192.0.2.1, 10.0.0.9"))), std::vector{503});
  world.say(first, "llo");
}

TEST_F(Announced, client_of_a_peer_that_is_not_trusted_is_ignored) {
  limit_addresses();
  make_writable();
  world.generation->trust = {};
  add_network("10.0.0.0/8", world.generation->trust);
  const int first = world.connect();
  world.say(first, put_for("192.0.2.1") + "he");
  EXPECT_EQ(world.ask(get_for("192.0.2.1")), hello);
  world.say(first, "llo");
  world.end();
}

}  // namespace
}  // namespace server
