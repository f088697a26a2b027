// Cached response heads: where they are in memory, and when they are not set.
#include "apps/server/files/cached_file.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/server/files/cache_fixture.h"

namespace server {
namespace {

const std::string head = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n";

std::string_view text_of(const CachedHead& cached) { return {cached.begin, cached.bytes}; }

class CachedFileTest : public lab::CacheTest {
 protected:
  // An entry for a file with this content.
  CachedFile& entry(std::string_view content) {
    root.put("file", content);
    CachedFile* const file = load("file");
    EXPECT_NE(file, nullptr);
    return *file;
  }
};

TEST_F(CachedFileTest, has_its_body_behind_the_head_of_a_200) {
  CachedFile& file = entry("content");
  EXPECT_EQ(file.head_200.begin, nullptr);
  file.set_head_200(head, lab::old_seconds);
  EXPECT_EQ(text_of(file.head_200), head);
  EXPECT_EQ(file.head_200.seconds, lab::old_seconds);
  EXPECT_EQ(text_of(file.head_200).substr(file.head_200.date_offset, lab::old_date.size()),
            lab::old_date);
  EXPECT_EQ(file.head_200.begin + file.head_200.bytes, file.body.data());
  EXPECT_EQ(file.body, "content");
}

// The kernel may still be sending such a body when the entry is gone.
TEST_F(CachedFileTest, has_a_larger_body_in_pages_apart_from_its_heads) {
  FileCache with_copies(root.fd(), FileCache::Limits{});
  for (const std::size_t size : {CachedFile::least_page_bytes - 1, CachedFile::least_page_bytes,
                                 std::size_t{131'072}, std::size_t{131'073}}) {
    const std::string content = lab::pattern(size);
    const std::string name = std::to_string(size);
    root.put(name, content);
    CachedFile* const file = with_copies.load(name);
    ASSERT_NE(file, nullptr);
    const bool is_copied = size <= 131'072;
    EXPECT_EQ(file->fd < 0, is_copied);
    EXPECT_EQ(file->body, is_copied ? content : "");
    const std::string_view bytes = is_copied ? file->body : file->mapped;
    EXPECT_EQ(file->is_in_pages(bytes), size >= CachedFile::least_page_bytes);
    EXPECT_EQ(file->body_follows_head(), size < CachedFile::least_page_bytes);
    file->set_head_200(head, lab::old_seconds);
    EXPECT_EQ(text_of(file->head_200), head);
    EXPECT_FALSE(file->is_in_pages(text_of(file->head_200)));
    EXPECT_FALSE(file->is_in_pages(bytes.substr(0, 100))) << "copying it costs less";
  }
}

TEST_F(CachedFileTest, has_a_head_without_a_body_for_a_large_file_and_for_a_304) {
  CachedFile& file = entry(lab::pattern(lab::large_bytes));
  file.set_head_200(head, lab::old_seconds);
  file.set_head_304(head, lab::old_seconds);
  EXPECT_EQ(text_of(file.head_200), head);
  EXPECT_EQ(text_of(file.head_304), head);
  EXPECT_NE(file.head_200.begin, file.head_304.begin);
  EXPECT_TRUE(file.body.empty());
}

TEST_F(CachedFileTest, keeps_the_first_head) {
  CachedFile& file = entry("content");
  file.set_head_200(head, lab::old_seconds);
  file.set_head_304(head, lab::old_seconds);
  file.set_head_200("X" + head, 1);
  file.set_head_304("X" + head, 1);
  EXPECT_EQ(text_of(file.head_200), head);
  EXPECT_EQ(text_of(file.head_304), head);
}

TEST_F(CachedFileTest, caches_no_head_that_is_too_long) {
  CachedFile& file = entry("content");
  const std::string longest = head + std::string(CachedHead::most_bytes - head.size(), ' ');
  file.set_head_200(longest + " ", 1);
  file.set_head_304(longest + " ", 1);
  EXPECT_EQ(file.head_200.begin, nullptr);
  EXPECT_EQ(file.head_304.begin, nullptr);
  file.set_head_200(longest, 1);
  file.set_head_304(longest, 1);
  EXPECT_EQ(text_of(file.head_200), longest);
  EXPECT_EQ(text_of(file.head_304), longest);
}

TEST_F(CachedFileTest, caches_no_head_while_it_is_pinned) {
  CachedFile& file = entry("content");
  EXPECT_FALSE(file.is_pinned());
  FileCache::pin(file);
  EXPECT_TRUE(file.is_pinned());
  file.set_head_200(head, 1);
  file.set_head_304(head, 1);
  EXPECT_EQ(file.head_200.begin, nullptr);
  EXPECT_EQ(file.head_304.begin, nullptr);
  cache.unpin(file);
  EXPECT_FALSE(file.is_pinned());
}

TEST_F(CachedFileTest, loses_its_heads_and_targets_when_responses_are_invalidated) {
  CachedFile& file = entry("content");
  file.set_head_200(head, 1);
  file.set_head_304(head, 1);
  file.is_public = true;
  cache.record_target(file, "/file");
  cache.invalidate_responses();
  EXPECT_EQ(file.head_200.begin, nullptr);
  EXPECT_EQ(file.head_304.begin, nullptr);
  EXPECT_FALSE(file.is_public);
  EXPECT_EQ(cache.find_target("/file"), nullptr);
  EXPECT_EQ(find("file"), &file);
}

}  // namespace
}  // namespace server
