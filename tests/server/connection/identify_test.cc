// Which id a request gets, and that its response has it. On the simulated engine, all of whose
// peers are those of unix sockets.
#include "apps/server/connection/identify.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/connection_fixture.h"

namespace server {
namespace {

using lab::head_of;

const std::string begin_of_field = "X-Request-Id: ";

// The ids of all responses in `text`, in their order.
std::vector<std::string> ids_of(const std::string& text) {
  std::vector<std::string> ids;
  for (std::size_t at = text.find(begin_of_field); at != std::string::npos;
       at = text.find(begin_of_field, at)) {
    at += begin_of_field.size();
    ids.push_back(text.substr(at, text.find('\r', at) - at));
  }
  return ids;
}

bool is_made(const std::string& id) {
  return id.size() == made_id_bytes && id.find_first_not_of("0123456789abcdef") == id.npos;
}

class Identified : public lab::ConnectionTest {
 protected:
  Identified() {
    world.worker.request_ids = std::make_unique<RequestIds>();
    world.generation->gives_request_ids = true;
  }
  void trust_proxies() { add_network("unix", world.generation->trust); }
};

std::string get_with(const std::string& line) {
  return head_of("GET", "/hello.txt", line + "\r\n");
}

TEST_F(Identified, request_gets_a_new_id) {
  const std::vector<std::string> ids = ids_of(world.ask(lab::get_hello + lab::get_hello));
  ASSERT_EQ(ids.size(), 2U);
  EXPECT_TRUE(is_made(ids[0]) && is_made(ids[1]));
  EXPECT_NE(ids[0], ids[1]);
}

TEST_F(Identified, request_of_a_trusted_proxy_keeps_its_id) {
  trust_proxies();
  EXPECT_EQ(ids_of(world.ask(get_with("x-request-id: Root=1-abc/+"))),
            std::vector<std::string>{"Root=1-abc/+"});
  for (const std::string& id : {std::string(), std::string("a b"), std::string(129, 'x')}) {
    const std::vector<std::string> ids = ids_of(world.ask(get_with("X-Request-Id: " + id)));
    ASSERT_EQ(ids.size(), 1U);
    EXPECT_TRUE(is_made(ids[0])) << ids[0];
  }
}

TEST_F(Identified, request_of_another_client_does_not) {
  const std::vector<std::string> ids = ids_of(world.ask(get_with("X-Request-Id: mine")));
  ASSERT_EQ(ids.size(), 1U);
  EXPECT_TRUE(is_made(ids[0]));
}

TEST_F(Identified, error_has_an_id_as_well) {
  for (const std::string& request : {head_of("GET", "/none"), std::string("nonsense\r\n\r\n")}) {
    const std::vector<std::string> ids = ids_of(world.ask(request));
    ASSERT_EQ(ids.size(), 1U);
    EXPECT_TRUE(is_made(ids[0]));
  }
}

// Version 2 with the value UNIQUE_ID (0x05) of 4 bytes.
TEST_F(Identified, connection_has_the_id_of_its_proxy_header) {
  trust_proxies();
  world.generation->proxy_protocol = true;
  const std::string header(
      "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x13\x0a\0\0\x01\x0a\0\0\x02\0\x01\0\x02"
      "\x05\0\x04uniq",
      35);
  const std::string heard =
      world.ask(header + lab::get_hello + get_with("X-Request-Id: own") + lab::get_hello);
  // The client itself is not trusted.
  EXPECT_EQ(ids_of(heard), (std::vector<std::string>{"uniq", "uniq", "uniq"}));
}

}  // namespace
}  // namespace server
