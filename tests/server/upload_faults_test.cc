// Every single operation of a resumable upload fails, is shortened or is delayed.
//
// Afterwards nothing has leaked; no byte is lost that an answer has acknowledged; the target is the
// whole file or does not exist; and the upload can be finished.
#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/files/expire_uploads.h"
#include "tests/server/uploader.h"

namespace server {
namespace {

using lab::field;
using lab::head_of;
using lab::patch;
using lab::pattern;
using lab::World;
using uring::OpCode;
using FaultPlan = uring::Simulated::FaultPlan;

struct Variant {
  const char* name;
  lab::Where where = lab::Where::on_disk;
  Durability durability = Durability::none;
  std::string fields = {};  // of the first request
};

const std::vector<Variant> variants = {
    {"plain"},
    {"in memory", lab::Where::in_memory},
    {"synced", lab::Where::on_disk, Durability::full},
    {"create only", lab::Where::on_disk, Durability::none, "If-None-Match: *\r\n"},
};

// One client with one upload, which asks for the offset whenever an answer is missing.
class Play {
 public:
  explicit Play(const Variant& variant)
      : world(0), content_(pattern(60'000)), fields_(variant.fields) {
    world.shared.uploads = &registry_;
    world.site.writable = true;
    world.site.resumable = true;
    world.site.durability = variant.durability;
    lay(world, variant.where);
  }

  // Creates, appends, breaks, takes over, and finishes.
  void run() {
    if (!create()) return;
    learn(ask(part(0, 20'000, false)));
    const int stalled = world.connect();
    world.engine.peer_sends(stalled, part(told_, 10'000, false).substr(0, 4'000));
    world.settle();
    learn(ask(head_of("HEAD", url_)));
    world.engine.peer_finishes(stalled);
    world.settle();
    learn(ask(part(told_, content_.size() - told_, true)));
  }

  // Checks what must hold after any fault, and finishes the upload.
  void check() {
    const bool is_there = world.root.has("a/b/new");
    EXPECT_TRUE(!is_there || world.root.get("a/b/new") == content_);
    if (!url_.empty()) finish();
    world.end();
    for (const std::string& name : world.root.names()) {
      EXPECT_TRUE(name.find(".tmp") == std::string::npos || removal_may_fail) << name;
    }
  }

  // Creates and appends; then the upload becomes too old, and the client asks for it.
  void run_beyond_expiry() {
    world.site.upload_expiry_s = expiry_s;
    if (!create()) return;
    ask(part(0, 20'000, false));
    const timespec old{.tv_sec = file_time_ms() / 1000 - expiry_s - 1, .tv_nsec = 0};
    const std::array<timespec, 2> times{old, old};
    for (const std::string& name : world.root.names()) {
      const bool is_file = name.ends_with(".part") || name.ends_with(".state");
      if (is_file) ::utimensat(world.root.fd(), name.c_str(), times.data(), 0);
    }
    first_of_expiry = world.engine.started() + 1;
    expired_ = ask(head_of("HEAD", url_));
  }

  // Checks that nothing of the upload is left after a request, and a round of the expiry, which
  // does not fail.
  void check_expired() {
    EXPECT_FALSE(expired_.starts_with("HTTP/1.1 2")) << expired_;
    EXPECT_TRUE(url_.empty() || status_of(ask(head_of("HEAD", url_))) == 404);
    expire_uploads(world.root.fd(), registry_, expiry_s, file_time_ms() + 2000 * expiry_s);
    EXPECT_EQ(registry_.size(), 0U);
    world.end();
    for (const std::string& name : world.root.names()) {
      const bool is_temporary = name.find(".tmp") != std::string::npos;
      EXPECT_TRUE(name.find(".quoit-") == std::string::npos || (is_temporary && removal_may_fail))
          << name;
    }
    EXPECT_FALSE(world.root.has("a/b/new"));
  }

  World world;
  std::uint64_t first_of_expiry = 0;  // the number of its first operation
  bool removal_may_fail = false;      // the fault is one of unlinking

 private:
  static int status_of(std::string_view heard) {
    const std::vector<int> all = lab::statuses_of(heard);
    return all.empty() ? 0 : all.back();
  }
  // Creates the upload. False: there was no answer with its URL.
  bool create() {
    const std::string heard = ask(head_of("PUT", "/a/b/new", "Upload-Complete: ?0\r\n" + fields_));
    url_ = status_of(heard) == 201 ? field(heard, "Location") : "";
    return !url_.empty();
  }
  // A part of the content, at its place.
  std::string part(std::size_t offset, std::size_t bytes, bool complete) const {
    return patch(url_, offset, std::string_view(content_).substr(offset, bytes), complete);
  }
  void pass(uring::Milliseconds duration_ms) {
    for (uring::Milliseconds at = 0; at < duration_ms; at += 500) world.pass(500);
  }
  std::string ask(const std::string& request) {
    const int socket = world.connect();
    world.engine.peer_sends(socket, request);
    world.engine.peer_finishes(socket);
    world.settle();
    pass(2000);
    return std::string(world.engine.peer_received(socket));
  }
  // Takes the offset of an answer, which is acknowledged from then on.
  void learn(const std::string& heard) {
    const std::string offset = field(heard, "Upload-Offset");
    if (offset.empty()) return;
    EXPECT_GE(std::stoul(offset), told_) << heard;
    told_ = std::max<std::size_t>(told_, std::stoul(offset));
    is_over_ = is_over_ || field(heard, "Upload-Complete") == "?1";
  }
  void finish() {
    for (int attempt = 0; attempt < 3 && !is_over_; ++attempt) {
      const std::string state = ask(head_of("HEAD", url_));
      EXPECT_TRUE(state.starts_with("HTTP/1.1 204 ")) << state;
      learn(state);
      if (!is_over_) learn(ask(part(told_, content_.size() - told_, true)));
    }
    EXPECT_TRUE(is_over_);
    EXPECT_TRUE(world.root.get("a/b/new") == content_) << "another file";
  }

  static constexpr std::int64_t expiry_s = 1000;

  std::string expired_;  // the answer to the request for the upload that had expired
  UploadRegistry registry_;
  const std::string content_;
  const std::string fields_;
  std::string url_;
  std::size_t told_ = 0;  // acknowledged bytes
  bool is_over_ = false;
};

void play_with(const Variant& variant, std::uint64_t number, OpCode code, FaultPlan fault) {
  SCOPED_TRACE(std::string(variant.name) + ": operation " + std::to_string(number) + " of kind " +
               std::to_string(static_cast<int>(code)) + ", errno " + std::to_string(fault.error) +
               ", most " + std::to_string(fault.most) + ", delay " + std::to_string(fault.delay));
  Play play(variant);
  play.removal_may_fail = code == OpCode::unlink || code == OpCode::rename;
  play.world.engine.plan_fault(number, fault);
  play.run();
  play.check();
}

std::vector<OpCode> operations(const Variant& variant) {
  Play play(variant);
  play.run();
  std::vector<OpCode> all;
  for (std::uint64_t n = 1; n <= play.world.engine.started(); ++n) {
    all.push_back(play.world.engine.code_of(n));
  }
  play.check();
  return all;
}

class UploadFaults : public ::testing::TestWithParam<std::size_t> {
 protected:
  const Variant& variant() const { return variants[GetParam()]; }
};
INSTANTIATE_TEST_SUITE_P(Variants, UploadFaults, ::testing::Range(std::size_t{0}, variants.size()));

TEST_P(UploadFaults, of_any_operation_lose_no_acknowledged_byte) {
  const std::vector<OpCode> all = operations(variant());
  for (std::uint64_t n = 1; n <= all.size() && !HasFailure(); ++n) {
    const OpCode code = all[n - 1];
    for (const int error : {EIO, ENOSPC, ENOMEM, EMFILE, ECONNRESET}) {
      if ((error == ECONNRESET) != waits_for_peer(code) && error != ENOMEM) continue;
      play_with(variant(), n, code, {.error = error});
    }
  }
}

TEST_P(UploadFaults, that_shorten_or_delay_an_operation_change_nothing) {
  const std::vector<OpCode> all = operations(variant());
  for (std::uint64_t n = 1; n <= all.size() && !HasFailure(); ++n) {
    play_with(variant(), n, all[n - 1], {.delay = 2});
    if (all[n - 1] != OpCode::send) play_with(variant(), n, all[n - 1], {.most = 1});
  }
}

TEST_P(UploadFaults, of_the_expiry_at_a_request_leave_the_rest_to_the_next_round) {
  Play whole(variant());
  whole.run_beyond_expiry();
  const std::uint64_t last = whole.world.engine.started();
  whole.check_expired();
  ASSERT_GT(last, whole.first_of_expiry + 5);
  for (std::uint64_t n = whole.first_of_expiry; n <= last && !HasFailure(); ++n) {
    for (const int error : {EIO, ENOMEM, EMFILE}) {
      SCOPED_TRACE("operation " + std::to_string(n) + ", errno " + std::to_string(error));
      Play play(variant());
      play.world.engine.plan_fault(n, {.error = error});
      play.run_beyond_expiry();
      play.check_expired();
    }
  }
}

}  // namespace
}  // namespace server
