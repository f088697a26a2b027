// The bytes of a listing, the order of its entries, and its length, for any number of entries.
#include "apps/server/pages/listing.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

std::size_t runs_in_use = 0;

// The whole content, written in pieces of at most `size_limit` bytes.
std::string written(Listing& listing, std::size_t size_limit = 65536) {
  std::string all;
  std::string piece(size_limit, '?');
  while (const std::size_t size = listing.write(piece)) all.append(piece, 0, size);
  EXPECT_EQ(all.size(), listing.length());
  return all;
}

std::string listed(ListingFormat format, std::string_view name, const std::vector<Entry>& entries) {
  Listing listing(format, name, runs_in_use);
  for (const Entry& entry : entries) EXPECT_EQ(listing.add(entry), Listing::Added::fine);
  listing.finish();
  return written(listing);
}

// The rows of a page.
std::string rows(std::string_view name, const std::vector<Entry>& entries) {
  const std::string page = listed(ListingFormat::html, name, entries);
  const std::size_t begin = page.find("<tbody>\n") + 8;
  EXPECT_TRUE(page.starts_with("<!doctype html>\n"));
  EXPECT_NE(page.find("<meta charset=\"utf-8\">"), std::string::npos);
  EXPECT_TRUE(page.ends_with("</tbody>\n</table>\n"));
  return page.substr(begin, page.find("</tbody>") - begin);
}

constexpr std::int64_t old = lab::old_seconds;

TEST(Pages, list_directories_and_then_files_by_name) {
  EXPECT_EQ(rows("/", {{"b", 1, old}, {"a", 1536, 0}, {"z", 4096, old, true}}),
            "<tr><td><a href=\"z/\">z/</a><td><td>1994-11-06 08:49:37\n"
            "<tr><td><a href=\"a\">a</a><td title=\"1536 bytes\">1.5 KiB<td>1970-01-01 00:00:00\n"
            "<tr><td><a href=\"b\">b</a><td title=\"1 bytes\">1<td>1994-11-06 08:49:37\n");
  EXPECT_EQ(rows("/", {}), "");
  EXPECT_EQ(rows("a", {}), "<tr><td><a href=\"../\">../</a><td><td>\n");
}

// The link has the bytes of the name; the text replaces bytes that are no UTF-8.
TEST(Pages, escape_names_of_any_encoding) {
  const auto row = [](std::string_view name) {
    const std::string all = rows("/", {{name, 0, 0}});
    return all.substr(8, all.find("</a>") - 8);
  };
  EXPECT_EQ(row("a&b<c>\"d\"'e"),
            "<a href=\"a%26b%3Cc%3E%22d%22%27e\">a&amp;b&lt;c&gt;&quot;d&quot;'e");
  EXPECT_EQ(row("javascript:alert(1)"), "<a href=\"javascript%3Aalert(1)\">javascript:alert(1)");
  EXPECT_EQ(row("100%?#"), "<a href=\"100%25%3F%23\">100%?#");
  EXPECT_EQ(row("k\xc3\xa4se"), "<a href=\"k%C3%A4se\">k\xc3\xa4se");
  EXPECT_EQ(row("\xf0\x9f\xa6\x86"), "<a href=\"%F0%9F%A6%86\">\xf0\x9f\xa6\x86");
  const std::string sign = "\xef\xbf\xbd";
  EXPECT_EQ(row("\xe4x"), "<a href=\"%E4x\">" + sign + "x");
  EXPECT_EQ(row("\xc3"), "<a href=\"%C3\">" + sign);
  EXPECT_EQ(row("\xc0\xaf"), "<a href=\"%C0%AF\">" + sign + sign);
  EXPECT_EQ(row("\xed\xa0\x80"), "<a href=\"%ED%A0%80\">" + sign + sign + sign);
  EXPECT_EQ(row("\xf4\x90\x80\x80"), "<a href=\"%F4%90%80%80\">" + sign + sign + sign + sign);
  EXPECT_EQ(row("\xe2\x82"), "<a href=\"%E2%82\">" + sign + sign);
}

TEST(Pages, name_their_directory) {
  const std::string page = listed(ListingFormat::html, "a<b", {});
  EXPECT_NE(page.find("<title>a&lt;b/</title>\n<h1>a&lt;b/</h1>\n"), std::string::npos);
  EXPECT_NE(listed(ListingFormat::html, "/", {}).find("<title>/</title>"), std::string::npos);
}

TEST(Pages, say_sizes_for_people) {
  const auto size = [](std::uint64_t bytes) {
    const std::string all = rows("/", {{"a", bytes, 0}});
    const std::size_t at = all.find(" bytes\">") + 8;
    return all.substr(at, all.find("<td>", at) - at);
  };
  EXPECT_EQ(size(0), "0");
  EXPECT_EQ(size(1023), "1023");
  EXPECT_EQ(size(1024), "1.0 KiB");
  EXPECT_EQ(size(1024 * 1024 - 1), "1023.9 KiB");
  EXPECT_EQ(size(5ULL << 30), "5.0 GiB");
  EXPECT_EQ(size(INT64_MAX), "7.9 EiB");
}

TEST(Pages, say_times_before_the_epoch_and_far_away) {
  const auto time = [](std::int64_t seconds) {
    const std::string all = rows("/", {{"a", 0, seconds}});
    return all.substr(all.rfind("<td>") + 4, 19);
  };
  EXPECT_EQ(time(-1), "1969-12-31 23:59:59");
  EXPECT_EQ(time(951'782'400), "2000-02-29 00:00:00");
  EXPECT_EQ(time(-9'223'372'035), "1677-09-21 00:12:45");
  EXPECT_EQ(time(9'223'372'035), "2262-04-11 23:47:15");
}

TEST(Json, lists_the_entries_of_the_page) {
  EXPECT_EQ(listed(ListingFormat::json, "/",
                   {{"b\"\\", 1, old}, {"\xe4", 1536, 0}, {"z", 4096, old, true}}),
            "[\n"
            "{\"name\":\"z\",\"href\":\"z/\",\"type\":\"directory\","
            "\"mtime\":\"1994-11-06T08:49:37Z\"},\n"
            "{\"name\":\"b\\\"\\\\\",\"href\":\"b%22%5C\",\"type\":\"file\","
            "\"mtime\":\"1994-11-06T08:49:37Z\",\"size\":1},\n"
            "{\"name\":\"\xef\xbf\xbd\",\"href\":\"%E4\",\"type\":\"file\","
            "\"mtime\":\"1970-01-01T00:00:00Z\",\"size\":1536}\n"
            "]\n");
  EXPECT_EQ(listed(ListingFormat::json, "a", {}), "[\n]\n");
}

TEST(Formats, are_chosen_by_query_or_Accept) {
  const auto is_json = [](std::string_view target, std::string_view fields) {
    const lab::Request request(lab::head_of("GET", target, fields));
    return listing_format(request.head) == ListingFormat::json;
  };
  EXPECT_TRUE(is_json("/?json", ""));
  EXPECT_TRUE(is_json("/?json", "Accept: text/html\r\n"));
  EXPECT_FALSE(is_json("/", ""));
  EXPECT_FALSE(is_json("/?jsonp", ""));
  EXPECT_FALSE(is_json("/json", ""));
  EXPECT_TRUE(is_json("/", "Accept: application/json\r\n"));
  EXPECT_TRUE(is_json("/", "Accept: application/json, text/html;q=0.9\r\n"));
  EXPECT_FALSE(is_json("/", "Accept: */*\r\n"));
  EXPECT_FALSE(is_json("/", "Accept: text/html, application/json;q=0.9\r\n"));
  EXPECT_FALSE(is_json("/", "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"));
  EXPECT_FALSE(is_json("/", "Accept: application/json;q=0\r\n"));
}

TEST(Names, that_a_path_cannot_have_are_not_listed) {
  for (const char* name : {"", "a\nb", "\x01", "\x7f", "a/b"}) EXPECT_FALSE(is_listable(name));
  EXPECT_FALSE(is_listable(std::string(256, 'a')));
  EXPECT_TRUE(is_listable(std::string(255, '\xff')));
}

// Entries of several runs, added out of order, written into buffers of several sizes.
TEST(Runs, are_merged_in_order) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < 5000; ++i) names.push_back(std::to_string(i * 7919 % 5000));
  for (const std::size_t size_limit : {Listing::least_space, std::size_t{100'000}}) {
    Listing listing(ListingFormat::html, "/", runs_in_use);
    for (const std::string& name : names) {
      const bool is_directory = name.size() == 3;
      ASSERT_EQ(listing.add({name, 1, 0, is_directory}), Listing::Added::fine);
    }
    EXPECT_EQ(runs_in_use, 9U);  // the first run is not counted
    listing.finish();
    const std::string page = written(listing, size_limit);
    std::vector<std::string> found;
    for (std::size_t at = 0; (at = page.find("href=\"", at)) != std::string::npos;) {
      at += 6;
      found.push_back(page.substr(at, page.find('"', at) - at));
    }
    EXPECT_EQ(found.size(), names.size());
    EXPECT_TRUE(std::is_sorted(found.begin(), found.begin() + 900));
    EXPECT_TRUE(std::is_sorted(found.begin() + 900, found.end()));
    EXPECT_TRUE(std::all_of(found.begin(), found.begin() + 900,
                            [](const std::string& name) { return name.ends_with('/'); }));
  }
  EXPECT_EQ(runs_in_use, 0U);
}

TEST(Runs, have_limits_for_one_listing_and_for_all) {
  const std::string name(255, 'n');
  const auto fill = [&](Listing& listing) {
    Listing::Added added = Listing::Added::fine;
    while (added == Listing::Added::fine) added = listing.add({name, 1, 0});
    return added;
  };
  {
    Listing one(ListingFormat::html, "/", runs_in_use);
    EXPECT_EQ(fill(one), Listing::Added::too_many);
    EXPECT_EQ(runs_in_use, Listing::most_runs - 1);
    Listing two(ListingFormat::html, "/", runs_in_use);
    EXPECT_EQ(fill(two), Listing::Added::too_many);
    Listing three(ListingFormat::html, "/", runs_in_use);
    EXPECT_EQ(fill(three), Listing::Added::busy);
    Listing small(ListingFormat::html, "/", runs_in_use);
    EXPECT_EQ(small.add({name, 1, 0}), Listing::Added::fine);
  }
  EXPECT_EQ(runs_in_use, 0U);
}

TEST(Listings, have_a_tag_that_depends_on_all_entries_but_not_on_their_order) {
  const auto tag = [](ListingFormat format, const std::vector<Entry>& entries) {
    Listing listing(format, "/", runs_in_use);
    for (const Entry& entry : entries) EXPECT_EQ(listing.add(entry), Listing::Added::fine);
    listing.finish();
    return std::string(listing.tag());
  };
  const Entry a{"a", 1, 2};
  const Entry b{"b", 3, 4};
  const std::string both = tag(ListingFormat::html, {a, b});
  EXPECT_EQ(both.size(), 18U);
  EXPECT_EQ(tag(ListingFormat::html, {b, a}), both);
  EXPECT_NE(tag(ListingFormat::json, {a, b}), both);
  EXPECT_NE(tag(ListingFormat::html, {a}), both);
  EXPECT_NE(tag(ListingFormat::html, {a, {"b", 3, 5}}), both);
  EXPECT_NE(tag(ListingFormat::html, {a, {"b", 4, 4}}), both);
  EXPECT_NE(tag(ListingFormat::html, {a, {"b", 3, 4, true}}), both);
  EXPECT_NE(tag(ListingFormat::html, {a, {"c", 3, 4}}), both);
}

// The longest name, size and date fit into a buffer of least_space.
TEST(Listings, are_written_whatever_they_contain) {
  const std::string name(255, '\xff');
  const std::string marks(255, '"');
  for (const ListingFormat format : {ListingFormat::html, ListingFormat::json}) {
    for (const std::string& worst : {name, marks}) {
      Listing listing(format, worst, runs_in_use);
      ASSERT_EQ(listing.add({worst, UINT64_MAX, -9'223'372'035}), Listing::Added::fine);
      listing.finish();
      EXPECT_GT(written(listing, Listing::least_space).size(), 255U);
    }
  }
}

}  // namespace
}  // namespace server
