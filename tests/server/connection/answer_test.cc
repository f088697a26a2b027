// Planning responses of one line: their status, their text, and whether the connection ends.
#include "apps/server/connection/answer.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

using uring::Fault;

// A connection of a World with a parsed request; serve() does not run.
class Answering : public ::testing::Test {
 protected:
  Answering() : c_(*world_.worker.admit(world_.engine.connected())) {
    world_.worker.borrow(c_);
    world_.worker.begin_request(c_);
  }
  void TearDown() override {
    reset();
    world_.worker.give_back(c_);
    world_.engine.close(c_.fd);
    world_.worker.destroy(c_);
    world_.end();
  }

  Exchange& x() { return *c_.exchange; }
  void reset() {
    x().plan = Plan{};
    x().scratch.end_plan();
    x().request.head.reset();
    c_.lingers = false;
  }
  // Replaces the request.
  http1::Progress parse(std::string_view bytes) {
    reset();
    bytes_ = bytes;
    return http1::parse_request(bytes_, x().request.head);
  }
  std::string_view text() { return x().plan.text; }

  lab::World world_;
  Connection& c_;
  std::string bytes_;
};

TEST_F(Answering, says_the_status_its_reason_and_the_explanation) {
  ASSERT_EQ(parse(lab::head_of("GET", "/")), http1::Progress::done);
  answer(c_, 409, "the explanation");
  EXPECT_EQ(x().plan.status, 409);
  EXPECT_EQ(x().plan.content, Content::text);
  EXPECT_EQ(text(), "409 Conflict: the explanation\n");
  EXPECT_TRUE(x().plan.keep_alive);
}

TEST_F(Answering, explains_a_status_by_its_usual_sentence) {
  ASSERT_EQ(parse(lab::head_of("GET", "/")), http1::Progress::done);
  answer(c_, 404);
  EXPECT_EQ(text(), "404 Not Found: there is nothing of this name\n");
}

TEST_F(Answering, replaces_a_response_that_was_planned_before) {
  ASSERT_EQ(parse(lab::head_of("GET", "/")), http1::Progress::done);
  answer(c_, 404);
  answer(c_, Fault::no_space);
  EXPECT_EQ(x().plan.status, 507);
  EXPECT_EQ(text(), "507 Insufficient Storage: " + std::string(describe(Fault::no_space)) + "\n");
}

TEST_F(Answering, lists_the_allowed_methods_with_405) {
  ASSERT_EQ(parse(lab::head_of("PUT", "/x")), http1::Progress::done);
  answer(c_, 405);
  EXPECT_EQ(x().plan.allow, "GET, HEAD, OPTIONS");
  world_.site.writable = true;
  answer(c_, 405);
  EXPECT_EQ(x().plan.allow, "GET, HEAD, OPTIONS, PUT, DELETE, MKCOL, MOVE");
}

TEST_F(Answering, ends_the_connection_with_503_and_after_CONNECT) {
  ASSERT_EQ(parse(lab::head_of("GET", "/")), http1::Progress::done);
  answer(c_, 503);
  EXPECT_FALSE(x().plan.keep_alive);
  ASSERT_EQ(parse("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"), http1::Progress::done);
  answer(c_, 405);
  EXPECT_FALSE(x().plan.keep_alive);
}

TEST_F(Answering, lingers_if_the_connection_ends_after_the_response) {
  ASSERT_EQ(parse(lab::head_of("GET", "/")), http1::Progress::done);
  answer(c_, 400);
  EXPECT_FALSE(c_.lingers);
  close_after_answer(c_);
  EXPECT_FALSE(x().plan.keep_alive);
  EXPECT_TRUE(c_.lingers);
}

TEST_F(Answering, refuses_a_malformed_head_with_the_status_of_its_error) {
  const std::vector<std::pair<std::string, int>> rows = {
      {"GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/2.5\r\nHost: a\r\n\r\n", 505},
      {lab::head_of("GET", "/" + std::string(9000, 'a')), 414},
      {lab::head_of("GET", "/", "A: " + std::string(17000, 'a') + "\r\n"), 431},
  };
  for (const auto& [bytes, status] : rows) {
    ASSERT_EQ(parse(bytes), http1::Progress::failed) << bytes;
    refuse_head(c_);
    EXPECT_EQ(x().plan.status, status) << bytes;
    EXPECT_FALSE(x().plan.keep_alive);
    EXPECT_TRUE(c_.lingers);
  }
}

TEST(StatusOfFault, is_what_the_client_can_act_on) {
  const std::vector<std::pair<Fault, int>> rows = {
      {Fault::not_found, 404},     {Fault::bad_name, 404},    {Fault::not_directory, 404},
      {Fault::outside, 403},       {Fault::not_allowed, 403}, {Fault::exists, 409},
      {Fault::is_directory, 409},  {Fault::not_empty, 409},   {Fault::no_space, 507},
      {Fault::too_large, 413},     {Fault::try_again, 503},   {Fault::out_of_descriptors, 503},
      {Fault::out_of_memory, 503}, {Fault::other, 500},       {Fault::unsupported, 500},
      {Fault::link_loop, 403},     {Fault::stale, 503},       {Fault::device_error, 503},
      {Fault::peer_gone, 503},     {Fault::refused, 503},     {Fault::unreachable, 503},
      {Fault::none, 500},
  };
  for (const auto& [fault, status] : rows) {
    EXPECT_EQ(status_of(fault), status) << describe(fault);
  }
}

// Network file systems and FUSE fail with errors that sockets have as well.
TEST(ExplanationOfFault, names_the_file_system_and_no_peer) {
  for (const int error : {ENOTCONN, ECONNRESET, ECONNREFUSED, ETIMEDOUT, EHOSTDOWN}) {
    const Fault fault = uring::fault_of(error);
    EXPECT_EQ(explanation_of(fault), "the file system does not respond") << error;
    EXPECT_EQ(status_of(fault), 503) << error;
  }
  EXPECT_NE(explanation_of(Fault::device_error).find("file system"), std::string_view::npos);
  EXPECT_EQ(explanation_of(Fault::no_space), describe(Fault::no_space));
}

}  // namespace
}  // namespace server
