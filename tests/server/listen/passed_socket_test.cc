// Sockets that another process has made: their addresses, and the ones that cannot be served on.
#include "apps/server/listen/passed_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/listen/listener.h"

namespace server {
namespace {

TEST(ListenAddresses, have_the_text_that_they_are_read_from) {
  for (const char* text : {"127.0.0.1:8080", "[::1]:80", ":0", "unix:/run/quoit.sock"}) {
    EXPECT_EQ(text_of(parse_listen(text).value()), text);
  }
}

TEST(PassedSockets, have_the_address_that_they_were_bound_to) {
  Listeners listeners;
  const std::string path = ::testing::TempDir() + "/quoit-passed-" + std::to_string(::getpid());
  ASSERT_FALSE(listeners.open({*parse_listen("127.0.0.1:0"), *parse_listen("unix:" + path)}, 2));
  const std::vector<Listeners::Offered> all = listeners.offered();
  ASSERT_EQ(all.size(), 3U);
  const ListenAddress first = address_of(all[0].socket);
  EXPECT_EQ(first.host, "127.0.0.1");
  EXPECT_NE(first.port, 0);
  EXPECT_EQ(address_of(all[1].socket).port, first.port);
  EXPECT_EQ(text_of(address_of(all[2].socket)), "unix:" + path);
  EXPECT_EQ(all[0].address, "127.0.0.1:0");
  EXPECT_EQ(all[1].endpoint, 0);
  EXPECT_EQ(all[2].endpoint, 1);
  EXPECT_FALSE(all[0].removes_path);
  EXPECT_TRUE(all[2].removes_path);
  for (const Listeners::Offered& offered : all) EXPECT_EQ(problem_of_socket(offered.socket), "");
}

TEST(PassedSockets, that_cannot_be_accepted_from_are_named) {
  const uring::Fd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(problem_of_socket(file.get()), "is no socket");
  EXPECT_EQ(problem_of_socket(-1), "is no socket");
  const uring::Fd datagrams(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(problem_of_socket(datagrams.get()), "is no stream socket");
  const uring::Fd packets(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  EXPECT_EQ(problem_of_socket(packets.get()), "is no stream socket");
  const uring::Fd stream(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(problem_of_socket(stream.get()), "does not listen");
}

// --- How listeners use them ---

std::vector<PassedSocket> copies_of(const Listeners& listeners) {
  std::vector<PassedSocket> passed;
  for (const Listeners::Offered& offered : listeners.offered()) {
    passed.push_back({.socket = uring::Fd(::fcntl(offered.socket, F_DUPFD_CLOEXEC, 0)),
                      .endpoint = offered.endpoint,
                      .address = offered.address,
                      .removes_path = offered.removes_path,
                      .is_shared = offered.is_shared});
  }
  return passed;
}

std::size_t count_of(Listeners& listeners, unsigned workers) {
  std::size_t all = 0;
  for (unsigned worker = 0; worker < workers; ++worker) {
    const std::vector<ListeningSocket*> own = listeners.of_worker(worker);
    EXPECT_FALSE(own.empty()) << "each worker accepts";
    all += own.size();
  }
  return all;
}

TEST(Listeners, use_all_passed_sockets_of_their_addresses_with_any_number_of_workers) {
  for (const unsigned workers : {1U, 2U, 3U, 4U, 7U}) {
    Listeners old;
    ASSERT_FALSE(old.open({*parse_listen("127.0.0.1:0"), *parse_listen("127.0.0.1:0")}, 3));
    std::vector<PassedSocket> passed = copies_of(old);
    Listeners next;
    ASSERT_FALSE(next.open({*parse_listen("127.0.0.1:0")}, workers, passed));
    EXPECT_EQ(next.urls()[0], old.urls()[0]);
    EXPECT_EQ(next.offered().size(), 3U);
    EXPECT_EQ(count_of(next, workers), std::max(3U, workers));
    EXPECT_FALSE(passed[0].socket.valid());
    EXPECT_TRUE(passed[3].socket.valid()) << "the second address is not used";
  }
}

// A server that takes another one's place may begin or end to speak TLS on an address.
TEST(Listeners, use_passed_sockets_whether_their_old_owner_spoke_tls_there_or_not) {
  for (const char* const before : {"127.0.0.1:0", "http:127.0.0.1:0"}) {
    for (const char* const after : {"127.0.0.1:0", "http:127.0.0.1:0"}) {
      Listeners old;
      old.use_tls();
      ASSERT_FALSE(old.open({*parse_listen(before)}, 1));
      std::vector<PassedSocket> passed = copies_of(old);
      Listeners next;
      next.use_tls();
      ASSERT_FALSE(next.open({*parse_listen(after)}, 1, passed));
      EXPECT_FALSE(passed[0].socket.valid()) << before << " " << after;
      const bool is_plain = std::string_view(after).starts_with("http:");
      EXPECT_EQ(next.urls()[0].starts_with("http://"), is_plain) << next.urls()[0];
      EXPECT_EQ(next.of_worker(0)[0]->speaks_tls(), !is_plain);
    }
  }
}

TEST(Listeners, leave_the_path_of_a_taken_socket_to_its_owner_until_that_has_left) {
  const std::string path = ::testing::TempDir() + "/quoit-taken-" + std::to_string(::getpid());
  const ListenAddress address = *parse_listen("unix:" + path);
  const auto exists = [&] { return ::access(path.c_str(), F_OK) == 0; };
  Listeners old;
  ASSERT_FALSE(old.open({address}, 1));
  {
    std::vector<PassedSocket> passed = copies_of(old);
    Listeners failing;
    ASSERT_FALSE(failing.open({address}, 1, passed));
  }
  EXPECT_TRUE(exists());
  {
    std::vector<PassedSocket> passed = copies_of(old);
    Listeners next;
    ASSERT_FALSE(next.open({address}, 1, passed));
    old.hand_over({true});
    EXPECT_FALSE(old.offered()[0].removes_path);
    next.own_taken_paths();
    EXPECT_TRUE(next.offered()[0].removes_path);
    EXPECT_TRUE(exists());
  }
  EXPECT_FALSE(exists());
}

}  // namespace
}  // namespace server
