// The gate on the simulated engine: which requests pass, and what the others get.
#include "apps/server/auth/gate.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "apps/server/auth/accounts.h"
#include "apps/server/auth/verifier.h"
#include "tests/server/world.h"
#include "tests/support/eventually.h"

namespace server {
namespace {

using lab::head_of;

// The token "abc" of ci, and no users, so that no check waits; and dave with a fast hash.
class Gate : public lab::InWorld {
 protected:
  Gate() {
    world.root.put("pub/a", "public");
    world.root.put("own/a", "private");
  }
  void add_rules(std::initializer_list<const char*> texts) {
    for (const char* text : texts) EXPECT_EQ(world.site.rules.add(text), "");
  }
  void add_accounts() {
    auto accounts = std::make_shared<Accounts>();
    EXPECT_EQ(
        accounts->add_tokens("ci:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        "");
    EXPECT_EQ(accounts->add_users("dave:$1$saltsalt$UsgFWmGkrqLiS6zVq1u3D1"), "");
    world.generation->accounts = accounts;
    world.site.has_accounts = true;
    world.shared.verifier = &verifier_;
    EXPECT_FALSE(verifier_.start());
  }
  int status(std::string_view bytes) {
    const std::vector<int> all = lab::statuses_of(world.ask(bytes));
    return all.size() == 1 ? all.front() : 0;
  }
  int get(std::string_view target, std::string_view fields = {}) {
    return status(head_of("GET", target, fields));
  }

  static constexpr std::string_view ci = "Authorization: Bearer abc\r\n";
  Verifier verifier_;
};

TEST_F(Gate, IsOpenWithoutRulesAndAccounts) {
  EXPECT_EQ(get("/own/a"), 200);
  EXPECT_EQ(get("/own/a", ci), 200);
  EXPECT_EQ(get("/own/a", "Authorization: nonsense\r\n"), 200);
}

TEST_F(Gate, FollowsRulesWithoutAccounts) {
  add_rules({"anyone r /pub"});
  EXPECT_EQ(get("/pub/a"), 200);
  EXPECT_EQ(get("/pub/a", "Authorization: nonsense\r\n"), 200);
  EXPECT_EQ(get("/own/a"), 403) << "no name could help";
  EXPECT_EQ(get("/own/none"), 403);
  EXPECT_EQ(get("/"), 200) << "it shows the way";
  EXPECT_EQ(get("/pub/none"), 404);
}

TEST_F(Gate, VerifiesBeforeItDecides) {
  add_accounts();
  add_rules({"anyone r /pub", "ci r"});
  EXPECT_EQ(get("/own/a"), 401);
  EXPECT_EQ(get("/own/a", ci), 200);
  EXPECT_EQ(get("/pub/a", "Authorization: Bearer abd\r\n"), 401);
  EXPECT_EQ(get("/pub/a", "Authorization: nonsense\r\n"), 401);
  EXPECT_EQ(get("/pub/a", std::string(ci) + std::string(ci)), 401);
  EXPECT_EQ(status(head_of("OPTIONS", "/own/a", "Authorization: nonsense\r\n")), 204);
}

// It is decided before a method that the Site does not allow matters to files, and after it.
TEST_F(Gate, LeavesRefusalsOfTheHeadAsTheyAre) {
  add_accounts();
  EXPECT_EQ(status(head_of("PUT", "/own/a", "Content-Length: 0\r\n")), 405);
  EXPECT_EQ(status(head_of("GET", "/%zz")), 400);
  EXPECT_EQ(status(head_of("MOVE", "/own/a")), 405);
}

TEST_F(Gate, WaitsForAPassword) {
  add_accounts();
  const int client = world.connect();
  world.engine.peer_sends(client,
                          head_of("GET", "/own/a", "Authorization: Basic ZGF2ZTp3cm9uZw==\r\n"));
  EXPECT_TRUE(test_support::eventually([&] {
    world.settle();
    return !world.heard(client).empty();
  }));
  EXPECT_EQ(lab::statuses_of(world.heard(client)), std::vector<int>{401});
  EXPECT_EQ(verifier_.counts().computed, 1U);
}

// The cache of files is the same for all; only those that anyone may read take the fast path.
TEST_F(Gate, KeepsCachedFilesFromOthers) {
  add_accounts();
  add_rules({"anyone r /pub", "ci r"});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(get("/own/a", ci), 200);
    EXPECT_EQ(get("/own/a"), 401);
    EXPECT_EQ(get("/own/none", ci), 404);
    EXPECT_EQ(get("/own/none"), 401);
    EXPECT_EQ(get("/pub/a"), 200);
    EXPECT_EQ(get("/pub/a", ci), 200);
  }
}

TEST_F(Gate, AsksForNoBodyThatItRefuses) {
  world.site.writable = true;
  add_accounts();
  const std::string answer =
      world.ask(head_of("PUT", "/x", "Content-Length: 9\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(answer.find("100 Continue"), std::string::npos);
  EXPECT_EQ(lab::statuses_of(answer), std::vector<int>{401});
  EXPECT_FALSE(world.root.has("x"));
}

// A MOVE reads and removes its source, and writes its destination.
TEST_F(Gate, AsksForBothNamesOfAMove) {
  world.site.writable = true;
  add_rules({"anyone rw /own", "anyone r /pub", "anyone w /drop", "anyone c /box",
             "anyone rw /own/deep/below"});
  world.root.put("own/b", "b");
  world.root.put("own/deep/file", "d");
  world.root.put("drop/a", "a");
  world.root.put("box/a", "a");
  const auto move = [this](const char* from, const std::string& to) {
    return status(head_of("MOVE", from, "Destination: " + to + "\r\n"));
  };
  EXPECT_EQ(move("/pub/a", "/own/new"), 403) << "the source stays readable only";
  EXPECT_EQ(move("/own/a", "/pub/new"), 403);
  EXPECT_EQ(move("/drop/a", "/own/new"), 403) << "it would tell what may not be read";
  EXPECT_EQ(move("/own/a", "/box/a"), 403) << "the right is to create only";
  EXPECT_EQ(move("/own/a", "/box/new"), 201);
  EXPECT_EQ(move("/own/b", "/drop/a"), 204);
  EXPECT_EQ(move("/own/deep", "/own/other"), 403) << "a rule is about a path below it";
  EXPECT_EQ(move("/own/deep/file", "/own/file"), 201);
  EXPECT_EQ(status(head_of("MKCOL", "/pub/new")), 403);
  EXPECT_EQ(status(head_of("MKCOL", "/box/dir")), 201);
}

}  // namespace
}  // namespace server
