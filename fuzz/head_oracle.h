// Invariants of every head, for any bytes: shared by the request and response targets.
//
// The parser guarantees to behave like an automaton that reads one byte at a time. The oracles
// therefore test prefixes, cuts and extensions of the input; the views, which must follow the
// bytes; and the round trip: a head that the writer has written parses to an equal head.
//
// A Parser (see request_fuzzer.cc) is a function object with
//   Head                       RequestHead or ResponseHead
//   operator()(bytes, head)    parses, with its own limits
//   same(left, right)          compares the members that only this kind of head has
//   write_start(head, writer)  writes the first line
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

#include "fuzz/bytes.h"
#include "fuzz/no_allocation.h"
#include "fuzz/require.h"
#include "parser/error.h"
#include "parser/message.h"
#include "parser/names.h"
#include "parser/scan.h"
#include "parser/write.h"

namespace fuzz {

using http1::Progress;

// A head and the block into which its views point.
template <class Parser>
struct Attempt {
  typename Parser::Head head;
  Block bytes;
  Progress progress = Progress::more;

  // Gives the parser all bytes so far, in a new block.
  void give(const Parser& parser, std::string_view so_far) {
    bytes.assign(so_far);
    progress = parser(bytes.view(), head);
  }

  // The number of bytes that decided the result: with one less, the result must be `more`.
  [[nodiscard]] std::size_t needed() const {
    if (progress == Progress::done) return head.size();
    return progress == Progress::failed ? head.failure().offset + 1 : bytes.view().size();
  }

  // The offset of a view in the bytes; 0 for an empty view, which may point anywhere.
  [[nodiscard]] std::size_t place(std::string_view view) const {
    return view.empty() ? 0 : static_cast<std::size_t>(view.data() - bytes.view().data());
  }
};

template <class Parser>
Attempt<Parser> attempt(const Parser& parser, std::string_view bytes) {
  Attempt<Parser> made;
  made.give(parser, bytes);
  return made;
}

inline bool has_only(http1::scan::Class wanted, std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [wanted](char byte) { return http1::scan::is(wanted, byte); });
}

inline bool is_space(char byte) { return byte == ' ' || byte == '\t'; }

inline char folded(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + ('a' - 'A')) : byte;
}

inline bool same_name(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return folded(a) == folded(b); });
}

// Compares the text of the fields and the decisions about framing.
inline void require_same_message(const http1::Head& left, const http1::Head& right) {
  require(left.version() == right.version(), "the version is the same");
  require(left.keep_alive() == right.keep_alive(), "keep-alive is the same");
  require(left.body().kind == right.body().kind && left.body().length == right.body().length,
          "the body's framing is the same");
  require(left.field_count() == right.field_count(), "there are as many fields");
  for (std::size_t i = 0; i < left.field_count(); ++i) {
    require(left.field(i).name == right.field(i).name, "each name is the same");
    require(left.field(i).value == right.field(i).value, "each value is the same");
    require(left.field(i).id == right.field(i).id, "each name is recognised as the same");
  }
}

// The two attempts may come from two parsers of one kind of head.
template <class Parser, class Other>
void require_same_head(const Attempt<Parser>& left, const Attempt<Other>& right) {
  require(left.progress == right.progress, "every cut gives the same progress");
  require(left.head.failure().error == right.head.failure().error,
          "every cut gives the same error");
  require(left.head.failure().offset == right.head.failure().offset,
          "every cut gives the same error offset");
  if (left.progress != Progress::done) return;
  require(left.head.size() == right.head.size(), "every cut gives a head of the same size");
  require_same_message(left.head, right.head);
  Parser::same(left.head, right.head);
  for (std::size_t i = 0; i < left.head.field_count(); ++i) {
    const http1::Field a = left.head.field(i);
    const http1::Field b = right.head.field(i);
    require(left.place(a.name) == right.place(b.name), "each name is at the same place");
    require(left.place(a.value) == right.place(b.value), "each value is at the same place");
  }
}

template <class Parser>
void require_same(const Attempt<Parser>& left, const Attempt<Parser>& right) {
  require_same_head(left, right);
}

// Lookups by a known name agree with an iteration over all fields.
inline void require_lookup_agrees(const http1::Head& head, const http1::Field& wanted) {
  std::size_t count = 0;
  std::string_view first;
  for (const http1::Field field : head.fields()) {
    if (!same_name(field.name, wanted.name)) continue;
    if (count++ == 0) first = field.value;
  }
  std::string_view found;
  require(head.find(wanted.name, found), "a field is found by its name");
  require(found.data() == first.data() && found == first, "the first field of a name is found");
  require(wanted.id == http1::field_name_of(wanted.name), "a field has the index of its name");
  if (wanted.id == http1::FieldName::other) return;
  require(head.has(wanted.id), "a head has the name of each of its fields");
  require(head.has_repeated(wanted.id) == (count > 1), "a repeated name is known as repeated");
  require(head.value_of(wanted.id) == first, "the value of a name is its first field's");
  std::size_t walked = 0;
  for (const http1::Field field : head.fields(wanted.id)) {
    require(same_name(field.name, wanted.name), "fields of one name have that name");
    ++walked;
  }
  require(walked == count, "the iteration over a name finds all its fields");
}

inline void require_framing_is_sound(const http1::Head& head) {
  using http1::BodyKind;
  using http1::FieldName;
  const bool has_length = head.has(FieldName::content_length);
  const bool has_coding = head.has(FieldName::transfer_encoding);
  require(!head.has_repeated(FieldName::content_length), "Content-Length occurs once");
  require(!head.has_repeated(FieldName::transfer_encoding), "Transfer-Encoding occurs once");
  require(!has_length || !has_coding, "a length and a coding exclude each other");
  require(head.framing().has_content_length() == has_length, "the framing has the length");
  require(head.body().kind != BodyKind::chunked || has_coding,
          "only Transfer-Encoding makes a body chunked");
  require(head.body().kind != BodyKind::length || head.body().length != 0,
          "a body without a length has no length");
  require(head.body().kind != BodyKind::until_close || !head.keep_alive(),
          "a body until the close ends the connection");
  require(!head.framing().says_close() || !head.keep_alive(), "close wins");
}

template <class Parser>
void require_sound(const Attempt<Parser>& made) {
  const http1::Failure failure = made.head.failure();
  const std::size_t given = made.bytes.view().size();
  require((made.progress == Progress::failed) == (failure.error != http1::Error::none),
          "`failed` comes with an error");
  if (made.progress == Progress::failed) {
    require(failure.offset < given, "the offset of an error is within the bytes");
    const int status = http1::status_of(failure.error);
    require(status >= 400 && status < 600, "an error has a status");
    require(!http1::describe(failure.error).empty(), "an error has a description");
  }
  if (made.progress != Progress::done) return;
  require(made.head.size() > 0 && made.head.size() <= given, "a head is within its bytes");
  for (const http1::Field field : made.head.fields()) {
    require(!field.name.empty() && has_only(http1::scan::token_bit, field.name),
            "a name is a token");
    require(has_only(http1::scan::value_bit, field.value), "a value has no control byte");
    require(
        field.value.empty() || (!is_space(field.value.front()) && !is_space(field.value.back())),
        "a value has no space around it");
    require(made.place(field.name) + field.name.size() < made.head.size(), "a name is in the head");
    require(made.place(field.value) + field.value.size() < made.head.size(),
            "a value is in the head");
    require_lookup_agrees(made.head, field);
  }
  require_framing_is_sound(made.head);
}

// Parses a head cut at `ends`, then once more as a whole.
template <class Parser>
void require_cuts_agree(const Parser& parser, const Attempt<Parser>& whole,
                        std::span<const std::size_t> ends) {
  const std::string_view bytes = whole.bytes.view();
  Attempt<Parser> made;
  for (const std::size_t end : ends) {
    made.give(parser, bytes.substr(0, end));
    const bool is_last = end == whole.needed();
    require(is_last || made.progress == Progress::more, "a proper prefix of a head is `more`");
  }
  require_same(whole, made);
  made.give(parser, bytes);
  require_same(whole, made);
}

// A result never changes, whatever bytes follow; reset() clears it.
template <class Parser>
void require_final(const Parser& parser, const Attempt<Parser>& whole) {
  using namespace std::string_view_literals;
  if (whole.progress == Progress::more) return;
  const std::string_view bytes = whole.bytes.view();
  for (const std::string_view tail : {"\r\n\r\n"sv, "\0"sv, " "sv, "\n"sv, "a: b\r\n\r\n"sv}) {
    const Text longer = {bytes, tail};
    Attempt<Parser> made = attempt(parser, bytes);
    made.give(parser, longer.view());
    require_same(whole, made);
    require_same(whole, attempt(parser, longer.view()));
    made.head.reset();
    made.give(parser, bytes);
    require_same(whole, made);
  }
}

// Only the byte at the error's offset decides: the bytes before it are a prefix of a valid head.
template <class Parser>
void require_minimal(const Parser& parser, const Attempt<Parser>& whole) {
  if (whole.progress == Progress::more) return;
  const std::string_view deciding = whole.bytes.view().substr(0, whole.needed());
  require_same(whole, attempt(parser, deciding));
  const Attempt<Parser> before = attempt(parser, deciding.substr(0, deciding.size() - 1));
  require(before.progress == Progress::more, "no head is decided before its deciding byte");
}

template <class Parser>
void require_views_follow(const Attempt<Parser>& whole) {
  typename Parser::Head moved = whole.head;
  const Block copy(whole.bytes.view());
  moved.rebase(copy.view().data());
  require_same_message(whole.head, moved);
  Parser::same(whole.head, moved);
  for (const http1::Field field : moved.fields()) {
    const std::size_t at = static_cast<std::size_t>(field.name.data() - copy.view().data());
    require(at < copy.view().size(), "views follow the bytes");
  }
}

template <class Parser>
std::string_view write_head(const typename Parser::Head& head, Block& room) {
  const NoAllocation none;
  http1::HeadWriter writer(room.room());
  Parser::write_start(head, writer);
  for (const http1::Field field : head.fields()) writer.field(field.name, field.value);
  writer.end();
  require(writer.ok(), "an accepted head can be written");
  return writer.written();
}

// The limits of `reader` allow for one more space in each line.
template <class Parser>
void require_round_trip(const Parser& reader, const Attempt<Parser>& whole) {
  const std::size_t most = whole.head.size() + whole.head.field_count() + 16;
  Block room(most);
  const std::string_view written = write_head<Parser>(whole.head, room);
  const Attempt<Parser> again = attempt(reader, written);
  require(again.progress == Progress::done, "the parser accepts a written head");
  require(again.head.size() == written.size(), "a written head is parsed to its end");
  require_same_message(whole.head, again.head);
  Parser::same(whole.head, again.head);
  Block second_room(written.size());
  require(write_head<Parser>(again.head, second_room) == written,
          "writing a head again gives the same bytes");
}

// Runs all checks of this file. `reader` has the widest limits.
template <class Parser>
Attempt<Parser> check_head(const Parser& parser, const Parser& reader, std::string_view input) {
  Attempt<Parser> whole = attempt(parser, input);
  require_sound(whole);
  require_minimal(parser, whole);
  require_final(parser, whole);
  cut_anywhere(input.substr(0, whole.needed()),
               [&](std::span<const std::size_t> ends) { require_cuts_agree(parser, whole, ends); });
  if (whole.progress == Progress::done) {
    require_views_follow(whole);
    require_round_trip(reader, whole);
  }
  return whole;
}

}  // namespace fuzz
