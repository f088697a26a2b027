// The policy of a Site: when cached files may be answered by the fast path.
#include "apps/server/plan/site.h"

#include <gtest/gtest.h>

namespace server {
namespace {

Site finished(Site site) {
  finish_site(site);
  return site;
}

TEST(Sites, answer_from_the_cache_by_default) {
  EXPECT_TRUE(finished({}).answers_from_cache);
  EXPECT_TRUE(finished({.writable = true}).answers_from_cache);
  EXPECT_TRUE(finished({.fallback = "index.html"}).answers_from_cache);
}

TEST(Sites, answer_from_the_cache_only_once_they_are_finished) {
  EXPECT_FALSE(Site{}.answers_from_cache);
}

// A cached head says nothing of these.
TEST(Sites, whose_answers_depend_on_more_do_not_answer_from_the_cache) {
  EXPECT_FALSE(finished({.precompressed = true}).answers_from_cache);
  EXPECT_FALSE(finished({.max_requests = 1}).answers_from_cache);
}

TEST(Sites, are_judged_anew_when_they_are_finished_again) {
  Site site = finished({.precompressed = true});
  site.precompressed = false;
  finish_site(site);
  EXPECT_TRUE(site.answers_from_cache);
}

}  // namespace
}  // namespace server
