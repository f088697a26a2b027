// Names are recognised by any case, methods by their own, and everything else is other.
#include "parser/names.h"

#include <cctype>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "parser/name_tables.h"

namespace http1 {
namespace {

std::string in_case(std::string_view text, int (*change)(int)) {
  std::string changed(text);
  for (char& byte : changed) byte = static_cast<char>(change(static_cast<unsigned char>(byte)));
  return changed;
}

TEST(Names, fields_are_recognised_in_any_case) {
  for (std::size_t at = 1; at < field_name_count; ++at) {
    const auto name = static_cast<FieldName>(at);
    EXPECT_EQ(field_name_of(text_of(name)), name) << text_of(name);
    EXPECT_EQ(field_name_of(in_case(text_of(name), std::tolower)), name);
    EXPECT_EQ(field_name_of(in_case(text_of(name), std::toupper)), name);
  }
}

TEST(Names, no_two_fields_have_the_same_text) {
  std::set<std::string_view> texts;
  for (std::size_t at = 1; at < field_name_count; ++at) {
    const std::string_view text = text_of(static_cast<FieldName>(at));
    EXPECT_FALSE(text.empty());
    EXPECT_TRUE(texts.insert(text).second) << text;
  }
  EXPECT_EQ(text_of(FieldName::other), "");
}

TEST(Names, a_field_that_differs_in_one_byte_is_other) {
  for (std::size_t at = 1; at < field_name_count; ++at) {
    const std::string text(text_of(static_cast<FieldName>(at)));
    EXPECT_EQ(field_name_of(text + "x"), FieldName::other);
    for (std::size_t place = 0; place < text.size(); ++place) {
      std::string changed = text;
      changed[place] = '~';
      EXPECT_EQ(field_name_of(changed), FieldName::other) << changed;
    }
  }
}

TEST(Names, folding_makes_no_other_bytes_equal) {
  // Each pair differs by the bit that folds letters.
  EXPECT_EQ(field_name_of("Content\rLength"), FieldName::other);
  EXPECT_EQ(field_name_of("Content_Length"), FieldName::other);
  EXPECT_EQ(field_name_of(std::string_view("H\0st", 4)), FieldName::other);
  EXPECT_EQ(field_name_of(""), FieldName::other);
}

TEST(Names, the_compilers_tables_are_those_that_the_program_makes) {
  EXPECT_EQ(names::find_multiplier(), names::field_multiplier);
  const auto fields = std::make_unique<names::FieldTables>(names::make_field_tables());
  for (std::size_t slot = 0; slot < names::field_slots; ++slot) {
    EXPECT_EQ(fields->candidates[slot], names::field_tables.candidates[slot]) << slot;
  }
  for (std::size_t name = 1; name < field_name_count; ++name) {
    const std::string_view folded(fields->folded[name], names::field_texts[name].size());
    const std::string_view expected(names::field_tables.folded[name], folded.size());
    EXPECT_EQ(folded, expected);
  }
  const auto methods = names::make_method_slots();
  std::size_t count = 0;
  for (std::size_t slot = 0; slot < methods.size(); ++slot) {
    EXPECT_EQ(methods[slot].word, names::method_slots[slot].word) << slot;
    EXPECT_EQ(methods[slot].method, names::method_slots[slot].method) << slot;
    if (methods[slot].method != Method::unknown) ++count;
  }
  EXPECT_EQ(count, names::count_word_methods());
}

TEST(Names, methods_are_recognised_in_their_own_case_only) {
  for (std::size_t at = 1; at < method_count; ++at) {
    const auto method = static_cast<Method>(at);
    EXPECT_EQ(method_of(text_of(method)), method) << text_of(method);
    EXPECT_EQ(method_of(in_case(text_of(method), std::tolower)), Method::unknown);
    EXPECT_EQ(method_of(std::string(text_of(method)) + "X"), Method::unknown);
  }
  EXPECT_EQ(method_of("DELETE"), Method::delete_);
  EXPECT_EQ(method_of(""), Method::unknown);
  EXPECT_EQ(method_of("BREW"), Method::unknown);
}

}  // namespace
}  // namespace http1
