// Uses of uploads in turn, and places in the order in which they are due.
#include "apps/server/files/upload_registry.h"

#include <poll.h>
#include <string>
#include <sys/eventfd.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "uring/event.h"
#include "uring/fd.h"

namespace server {
namespace {

using uring::Fault;

bool is_signalled(int event) {
  pollfd poll{.fd = event, .events = POLLIN, .revents = 0};
  return ::poll(&poll, 1, 0) == 1;
}

UploadUse use_of(std::uint64_t id) { return {.id = upload_id(0, id)}; }

TEST(UploadUses, are_granted_one_at_a_time_in_their_order) {
  UploadRegistry registry;
  UploadUse first = use_of(1);
  UploadUse second = use_of(1);
  UploadUse third = use_of(1);
  UploadUse other = use_of(2);
  EXPECT_EQ(registry.enter(first), Fault::none);
  EXPECT_EQ(registry.enter(other), Fault::none);
  EXPECT_EQ(registry.enter(second), Fault::try_again);
  EXPECT_EQ(registry.enter(third), Fault::try_again);
  EXPECT_FALSE(is_signalled(second.granted_event));
  registry.leave(other);
  EXPECT_FALSE(is_signalled(second.granted_event));
  registry.leave(first);
  EXPECT_TRUE(is_signalled(second.granted_event));
  EXPECT_FALSE(is_signalled(third.granted_event));
  registry.leave(second);
  EXPECT_TRUE(is_signalled(third.granted_event));
  registry.leave(third);
}

TEST(UploadUses, that_end_while_they_wait_grant_nothing) {
  UploadRegistry registry;
  UploadUse first = use_of(1);
  UploadUse second = use_of(1);
  UploadUse third = use_of(1);
  EXPECT_EQ(registry.enter(first), Fault::none);
  EXPECT_EQ(registry.enter(second), Fault::try_again);
  EXPECT_EQ(registry.enter(third), Fault::try_again);
  registry.leave(second);
  EXPECT_FALSE(is_signalled(third.granted_event));
  registry.leave(first);
  EXPECT_TRUE(is_signalled(third.granted_event));
  registry.leave(third);
}

TEST(UploadUses, ask_the_ones_in_front_to_stop) {
  UploadRegistry registry;
  const uring::Fd stop(::eventfd(0, EFD_CLOEXEC));
  UploadUse first = use_of(1);
  first.stop_event = stop.get();
  UploadUse other = use_of(65);
  UploadUse second = use_of(1);
  EXPECT_EQ(registry.enter(first), Fault::none);
  EXPECT_EQ(registry.enter(other), Fault::none);
  EXPECT_FALSE(is_signalled(stop.get()));
  EXPECT_EQ(registry.enter(second), Fault::try_again);
  EXPECT_TRUE(is_signalled(stop.get()));
  registry.leave(first);
  registry.leave(second);
  registry.leave(other);
}

TEST(UploadUses, of_many_threads_exclude_each_other) {
  UploadRegistry registry;
  int inside = 0;
  int rounds = 0;
  const auto work = [&] {
    for (int i = 0; i < 500; ++i) {
      UploadUse use = use_of(static_cast<std::uint64_t>(i % 2));
      if (registry.enter(use) == Fault::try_again) uring::take_event(use.granted_event);
      if (i % 2 == 0) {
        EXPECT_EQ(++inside, 1);
        ++rounds;
        --inside;
      }
      registry.leave(use);
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  }
  EXPECT_EQ(rounds, 1000);
}

UploadRegistry::Place place_of(std::uint64_t id, std::int64_t due_ms) {
  return {.directory = std::to_string(id), .id = upload_id(0, id), .due_ms = due_ms};
}

// The directory of the upload that is due first by `now_ms`; empty: there is none.
std::string due(const UploadRegistry& registry, std::int64_t now_ms) {
  const auto place = registry.find_due(now_ms);
  return place ? place->directory : "";
}

TEST(UploadPlaces, come_when_they_are_due) {
  UploadRegistry registry;
  for (const std::int64_t due_ms : {30, 10, 20}) {
    registry.add(place_of(static_cast<std::uint64_t>(due_ms), due_ms));
  }
  EXPECT_EQ(due(registry, 9), "");
  EXPECT_EQ(due(registry, 25), "10");
  registry.remove(upload_id(0, 10));
  EXPECT_EQ(due(registry, 25), "20");
  registry.set_due(upload_id(0, 20), 40, 3);
  EXPECT_EQ(due(registry, 25), "");
  EXPECT_EQ(due(registry, 100), "30");
  registry.remove(upload_id(0, 30));
  EXPECT_EQ(registry.find_due(40)->parents, 3U);
  registry.remove(upload_id(0, 20));
  EXPECT_EQ(registry.size(), 0U);
}

TEST(UploadPlaces, are_added_once) {
  UploadRegistry registry;
  registry.add(place_of(1, 10));
  registry.add(place_of(1, 20));
  registry.add(place_of(1, 20));
  EXPECT_EQ(registry.size(), 1U);
  EXPECT_EQ(due(registry, 10), "");
  EXPECT_EQ(due(registry, 20), "1");
  // Those that this process does not know are no error.
  registry.remove(upload_id(0, 2));
  registry.set_finished(upload_id(0, 2));
  registry.set_due(upload_id(0, 2), 1, 0);
  EXPECT_EQ(registry.size(), 1U);
}

TEST(UploadPlaces, of_unfinished_uploads_are_bounded) {
  UploadRegistry registry;
  for (std::uint64_t i = 0; i < UploadRegistry::most_unfinished; ++i) {
    EXPECT_TRUE(registry.may_begin());
    registry.add(place_of(i, 10));
    registry.add(place_of(i, 20));  // as the sweep does
  }
  EXPECT_FALSE(registry.may_begin());
  registry.set_finished(upload_id(0, 1));
  registry.set_finished(upload_id(0, 1));
  EXPECT_TRUE(registry.may_begin());
  registry.remove(upload_id(0, 1));
  registry.add(place_of(5000, 10));
  EXPECT_FALSE(registry.may_begin());
  registry.remove(upload_id(0, 2));
  EXPECT_TRUE(registry.may_begin());
}

}  // namespace
}  // namespace server
