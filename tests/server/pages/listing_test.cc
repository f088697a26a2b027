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

std::string listed(const ListingTerms& terms, const std::vector<Entry>& entries) {
  Listing listing(terms, runs_in_use);
  for (const Entry& entry : entries) EXPECT_EQ(listing.add(entry), Listing::Added::fine);
  EXPECT_TRUE(listing.finish());
  return written(listing);
}

ListingTerms page_of(std::string_view path, ListingOrder::By by = ListingOrder::By::name,
                     bool descends = false) {
  return {.format = ListingFormat::html, .path = path, .order = {by, descends}};
}

constexpr ListingTerms json_of_root{.format = ListingFormat::json};

// The rows of a page.
std::string rows(std::string_view path, const std::vector<Entry>& entries,
                 ListingOrder order = {ListingOrder::By::name}) {
  const std::string page = listed(page_of(path, order.by, order.descends), entries);
  const std::size_t begin = page.find("<tbody>\n") + 8;
  EXPECT_TRUE(page.starts_with("<!doctype html>\n"));
  EXPECT_NE(page.find("<meta charset=\"utf-8\">"), std::string::npos);
  EXPECT_TRUE(page.ends_with("</html>\n"));
  return page.substr(begin, page.find("</tbody>") - begin);
}

constexpr std::int64_t old = lab::old_seconds;

TEST(Pages, list_directories_and_then_files_by_name) {
  EXPECT_EQ(rows(".", {{"b", 1, old}, {"a", 1536, 0}, {"z", 4096, old, true}}),
            "<tr><td><a href=\"z/\">z/</a><td>—"
            "<td><time datetime=1994-11-06T08:49:37Z>1994-11-06 08:49:37</time>\n"
            "<tr><td><a href=\"a\">a</a><td title=\"1536 bytes\">1.5 KiB"
            "<td><time datetime=1970-01-01T00:00:00Z>1970-01-01 00:00:00</time>\n"
            "<tr><td><a href=\"b\">b</a><td title=\"1 bytes\">1 B"
            "<td><time datetime=1994-11-06T08:49:37Z>1994-11-06 08:49:37</time>\n");
  EXPECT_EQ(rows(".", {}), "");
  EXPECT_EQ(rows("a", {}), "<tr><td><a href=\"../\">../</a><td><td>\n");
}

TEST(Pages, have_the_order_that_their_query_asks_for) {
  const std::vector<Entry> entries = {{"b", 1, 5},   {"a", 9, 3},  {"D", 0, 1, true},
                                      {"c10", 5, 9}, {"c9", 5, 2}, {"e", 0, 4, true}};
  const auto names = [&](ListingOrder order) {
    const std::string all = rows(".", entries, order);
    std::string found;
    for (std::size_t at = 0; (at = all.find("href=\"", at)) != std::string::npos;) {
      at += 6;
      found += all.substr(at, all.find('"', at) - at) + " ";
    }
    return found;
  };
  using By = ListingOrder::By;
  EXPECT_EQ(names({By::name, false}), "D/ e/ a b c9 c10 ");
  EXPECT_EQ(names({By::name, true}), "e/ D/ c10 c9 b a ");
  EXPECT_EQ(names({By::size, false}), "D/ e/ b c9 c10 a ");
  EXPECT_EQ(names({By::size, true}), "D/ e/ a c9 c10 b ");
  EXPECT_EQ(names({By::modified, false}), "D/ e/ c9 a b c10 ");
  EXPECT_EQ(names({By::modified, true}), "e/ D/ c10 b a c9 ");
}

// The link has the bytes of the name; the text replaces bytes that are no UTF-8.
TEST(Pages, escape_names_of_any_encoding) {
  const auto row = [](std::string_view name) {
    const std::string all = rows(".", {{name, 0, 0}});
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

TEST(Pages, say_sizes_for_people) {
  const auto size = [](std::uint64_t bytes) {
    const std::string all = rows(".", {{"a", bytes, 0}});
    const std::size_t at = all.find(" bytes\">") + 8;
    return all.substr(at, all.find("<td>", at) - at);
  };
  EXPECT_EQ(size(0), "0 B");
  EXPECT_EQ(size(1023), "1023 B");
  EXPECT_EQ(size(1024), "1.0 KiB");
  EXPECT_EQ(size(1024 * 1024 - 1), "1023.9 KiB");
  EXPECT_EQ(size(5ULL << 30), "5.0 GiB");
  EXPECT_EQ(size(INT64_MAX), "7.9 EiB");
}

TEST(Pages, say_times_before_the_epoch_and_far_away) {
  const auto time = [](std::int64_t seconds) {
    const std::string all = rows(".", {{"a", 0, seconds}});
    return all.substr(all.find("Z>") + 2, 19);
  };
  EXPECT_EQ(time(-1), "1969-12-31 23:59:59");
  EXPECT_EQ(time(951'782'400), "2000-02-29 00:00:00");
  EXPECT_EQ(time(-9'223'372'035), "1677-09-21 00:12:45");
  EXPECT_EQ(time(9'223'372'035), "2262-04-11 23:47:15");
}

TEST(Json, lists_the_entries_of_the_page) {
  EXPECT_EQ(listed(json_of_root, {{"b\"\\", 1, old}, {"\xe4", 1536, 0}, {"z", 4096, old, true}}),
            "[\n"
            "{\"name\":\"z\",\"href\":\"z/\",\"type\":\"directory\","
            "\"mtime\":\"1994-11-06T08:49:37Z\"},\n"
            "{\"name\":\"b\\\"\\\\\",\"href\":\"b%22%5C\",\"type\":\"file\","
            "\"mtime\":\"1994-11-06T08:49:37Z\",\"size\":1},\n"
            "{\"name\":\"\xef\xbf\xbd\",\"href\":\"%E4\",\"type\":\"file\","
            "\"mtime\":\"1970-01-01T00:00:00Z\",\"size\":1536}\n"
            "]\n");
  EXPECT_EQ(listed({.format = ListingFormat::json, .path = "a"}, {}), "[\n]\n");
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
    Listing listing({.format = ListingFormat::html}, runs_in_use);
    for (const std::string& name : names) {
      const bool is_directory = name.size() == 3;
      ASSERT_EQ(listing.add({name, 1, 0, is_directory}), Listing::Added::fine);
    }
    EXPECT_EQ(runs_in_use, 9U);  // the first run is not counted
    ASSERT_TRUE(listing.finish());
    std::string page = written(listing, size_limit);
    page.erase(0, page.find("<tbody>"));
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
    Listing one({.format = ListingFormat::html}, runs_in_use);
    EXPECT_EQ(fill(one), Listing::Added::too_many);
    EXPECT_EQ(runs_in_use, Listing::most_runs - 1);
    Listing two({.format = ListingFormat::html}, runs_in_use);
    EXPECT_EQ(fill(two), Listing::Added::too_many);
    Listing three({.format = ListingFormat::html}, runs_in_use);
    EXPECT_EQ(fill(three), Listing::Added::busy);
    Listing small({.format = ListingFormat::html}, runs_in_use);
    EXPECT_EQ(small.add({name, 1, 0}), Listing::Added::fine);
  }
  EXPECT_EQ(runs_in_use, 0U);
}

TEST(Listings, have_a_tag_that_depends_on_all_entries_but_not_on_their_order) {
  const auto tag_of = [](const ListingTerms& terms, const std::vector<Entry>& entries) {
    Listing listing(terms, runs_in_use);
    for (const Entry& entry : entries) EXPECT_EQ(listing.add(entry), Listing::Added::fine);
    EXPECT_TRUE(listing.finish());
    return std::string(listing.tag());
  };
  const auto tag = [&](ListingFormat format, const std::vector<Entry>& entries) {
    return tag_of({.format = format}, entries);
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
  // A page depends on its path, its order and the rights of the asker as well.
  EXPECT_NE(tag_of({.path = "d"}, {a, b}), both);
  EXPECT_NE(tag_of({.order = {ListingOrder::By::size}}, {a, b}), both);
  EXPECT_NE(tag_of({.rights = {.upload = true}}, {a, b}), both);
}

// The longest name, size and date fit into a buffer of least_space.
TEST(Listings, are_written_whatever_they_contain) {
  const std::string name(255, '\xff');
  const std::string marks(255, '"');
  std::string controls;
  while (controls.size() < 254) controls += "\xc2\x80";
  for (const ListingFormat format : {ListingFormat::html, ListingFormat::json}) {
    for (const std::string& worst : {name, marks, controls}) {
      Listing listing({.format = format, .path = worst}, runs_in_use);
      ASSERT_EQ(listing.add({worst, UINT64_MAX, -9'223'372'035}), Listing::Added::fine);
      ASSERT_TRUE(listing.finish());
      EXPECT_GT(written(listing, Listing::least_space).size(), 255U);
    }
  }
}

}  // namespace
}  // namespace server
