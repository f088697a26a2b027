// Looking hosts up, with planted resolvers: what bounds the wait, and what ends it.
#include "apps/client/net/look_up.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <signal.h>

#include "tests/client/net/planted.h"
#include "tests/client/program.h"

namespace client {
namespace {

// A resolver without a response, until it is destroyed or a minute has passed.
class SilentResolver {
 public:
  SilentResolver() = default;
  ~SilentResolver() {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->ended = true;
    state_->changed.notify_all();
  }
  SilentResolver(const SilentResolver&) = delete;
  SilentResolver& operator=(const SilentResolver&) = delete;

  // `signal_number`: the process gets this signal when the look-up has begun.
  Resolver resolver(int signal_number = 0) const {
    return [state = state_, signal_number](const std::string&, std::uint16_t) {
      if (signal_number != 0) ::kill(::getpid(), signal_number);
      std::unique_lock<std::mutex> lock(state->mutex);
      state->changed.wait_for(lock, std::chrono::minutes(1), [&] { return state->ended; });
      return Found{.problem = "it took a minute"};
    };
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    bool ended = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

class LookUp : public Program {
 protected:
  RunResult get(const Resolver& resolver, const std::string& url, const Settings& settings = {}) {
    return get_with(resolver, url, path("a"), settings);
  }
};

TEST_F(LookUp, ConnectsToTheAddressesOfTheHost) {
  std::string head;
  ScriptedServer server({[&](Peer& peer) {
    head = peer.read_head();
    peer.send(response("200 OK", "hello"));
  }});
  std::string asked;
  const RunResult result = get(
      [&](const std::string& host, std::uint16_t port) {
        asked = host + " " + std::to_string(port);
        return Found{.addresses = {loopback(server.port())}};
      },
      "http://some.host:81/a");
  server.finish();
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(asked, "some.host 81");
  EXPECT_NE(head.find("\r\nHost: some.host:81\r\n"), std::string::npos) << head;
  EXPECT_EQ(content("a"), "hello");
}

TEST_F(LookUp, LooksNoIpAddressUp) {
  const test_support::DeafPort deaf;
  const Resolver none = [](const std::string& host, std::uint16_t) {
    ADD_FAILURE() << host;
    return Found{};
  };
  for (const char* host : {"127.0.0.1", "[::1]"}) {
    EXPECT_EQ(get(none, "http://" + std::string(host) + ":" + std::to_string(deaf.port())).status,
              7);
  }
}

TEST_F(LookUp, SaysThatAHostHasNoAddress) {
  const RunResult result =
      get([](const std::string&, std::uint16_t) { return Found{.problem = "unknown; check it"}; },
          "http://some.host/a");
  EXPECT_EQ(result.status, 6);
  EXPECT_EQ(result.err, "quoit: cannot find the host some.host: unknown; check it\n");
}

TEST_F(LookUp, IsBoundedByTheTimeLimits) {
  const SilentResolver silent;
  const RunResult connect =
      get(silent.resolver(), "http://some.host/a", {.connect_timeout_ms = 200});
  EXPECT_EQ(connect.status, 28) << connect.err;
  EXPECT_EQ(connect.err,
            "quoit: cannot find the host some.host: no response within 0.2 s; check the network, "
            "or raise --connect-timeout\n");
  const RunResult whole =
      get(silent.resolver(), "http://some.host/a", {.connect_timeout_ms = 0, .max_time_ms = 200});
  EXPECT_EQ(whole.status, 28) << whole.err;
  EXPECT_NE(whole.err.find("--max-time"), std::string::npos) << whole.err;
}

TEST_F(LookUp, EndsAtASignal) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    const SilentResolver silent;
    const RunResult result = get(silent.resolver(number), "http://some.host/a");
    EXPECT_EQ(result.status, 128 + number) << result.err;
    EXPECT_NE(result.err.find("quoit: interrupted by SIG"), std::string::npos) << result.err;
  }
  EXPECT_EQ(files(), std::set<std::string>{});
}

TEST_F(LookUp, IsFinishedForTheNextUrlAfterATimeout) {
  const ScriptedServer server({answers(response("200 OK", "hello"))});
  const SilentResolver silent;
  const Resolver mixed = [&](const std::string& host, std::uint16_t port) {
    if (host == "silent.host") return silent.resolver()(host, port);
    return Found{.addresses = {loopback(server.port())}};
  };
  EXPECT_EQ(get(mixed, "http://silent.host/a", {.connect_timeout_ms = 100}).status, 28);
  EXPECT_EQ(get(mixed, "http://some.host/a").status, 0);
  EXPECT_EQ(content("a"), "hello");
}

TEST(FindBySystem, FindsAnAddressOrSaysWhyNot) {
  const Found found = find_by_system("127.0.0.1", 81);
  ASSERT_EQ(found.addresses.size(), 1U) << found.problem;
  EXPECT_EQ(found.addresses[0].family(), AF_INET);
  const Found none = find_by_system("no-such-host.invalid", 81);
  EXPECT_TRUE(none.addresses.empty());
  EXPECT_NE(none.problem.find("; check the n"), std::string::npos) << none.problem;
}

}  // namespace
}  // namespace client
