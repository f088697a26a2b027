// The parsed head of a message: names, values, target, framing.
//
// A head owns no bytes. It holds 16-bit offsets into the bytes that the caller last gave to the
// parser, so the caller may move these bytes between calls, and every view below is a view of them.
// Heads are plain values of about 1.2 KiB; reset() costs a few stores. A look-up of a known field
// takes constant time.
// Covered by tests/parser/message_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "parser/error.h"
#include "parser/framing.h"
#include "parser/limits.h"
#include "parser/names.h"

namespace http1 {

// The writers of a head, all in parser/ and none of them installed.
class HeadParser;    // byte by byte, in parse.cc
class HeadJudge;     // judge.h
class HeadUnfolder;  // unfold.cc, which reads the parser's position
template <class Scanner>
class LineParser;  // line by line, in lines.h

// One field line. Both views are of the caller's bytes; the value is without outer white space.
struct Field {
  std::string_view name;
  std::string_view value;
  FieldName id = FieldName::other;
};

class Head {
 public:
  class Fields;       // all fields, in their order
  class NamedFields;  // the fields of one known name, in their order

  // Valid after `done`. The bytes of the head, with the blank line and, in a request, an empty line
  // before the request line: the body or the next message begins here.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] Version version() const noexcept { return version_; }
  [[nodiscard]] Body body() const noexcept { return body_; }
  // The connection may carry another message after this one (RFC 9112 9.3).
  [[nodiscard]] bool keep_alive() const noexcept { return keep_alive_; }
  [[nodiscard]] const Framing& framing() const noexcept { return framing_; }

  // Valid after `failed`; otherwise {none, 0}.
  [[nodiscard]] Failure failure() const noexcept { return {error_, failure_offset_}; }

  // Fields. While `more`, those whose lines are complete.
  [[nodiscard]] bool has(FieldName name) const noexcept { return (present_ & bit(name)) != 0; }
  // Returns whether the name of every field is in `names`; FieldName::other stands for unknown
  // names.
  [[nodiscard]] bool has_only(FieldSet names) const noexcept {
    return (present_ & ~names.bits_) == 0;
  }
  [[nodiscard]] bool has_repeated(FieldName name) const noexcept {
    return (repeated_ & bit(name)) != 0;
  }
  // The value of the first field of that known name; empty if there is none.
  [[nodiscard]] std::string_view value_of(FieldName name) const noexcept {
    return has(name) ? value_at(first_[index(name)]) : std::string_view();
  }
  // The value of the first field of that name, in any case, known or not; walks over all fields.
  // False and `value` untouched if there is none.
  [[nodiscard]] bool find(std::string_view name, std::string_view& value) const noexcept;

  [[nodiscard]] std::size_t field_count() const noexcept { return field_count_; }
  // at < field_count().
  [[nodiscard]] Field field(std::size_t at) const noexcept {
    return {name_at(at), value_at(at), ids_[at]};
  }
  [[nodiscard]] Fields fields() const noexcept;
  [[nodiscard]] NamedFields fields(FieldName name) const noexcept;

  // Tells the head that its bytes have moved to `bytes`; later views are of the new place.
  void rebase(const char* bytes) noexcept { bytes_ = bytes; }

 protected:
  friend class HeadParser;
  friend class HeadJudge;
  friend class HeadUnfolder;
  template <class Scanner>
  friend class LineParser;

  struct Span {
    std::uint16_t begin;
    std::uint16_t size;
  };
  struct alignas(8) FieldSpan {  // one word, so that it is stored and loaded as one
    Span name;
    Span value;
  };

  // The field arrays are not initialised: only the first field_count_ entries, and those of present
  // names, are read.
  Head() noexcept = default;
  void reset() noexcept;

  [[nodiscard]] std::string_view view(Span span) const noexcept {
    return {bytes_ + span.begin, span.size};
  }

 private:
  static constexpr std::size_t index(FieldName name) noexcept {
    return static_cast<std::size_t>(name);
  }
  static constexpr std::uint64_t bit(FieldName name) noexcept {
    return std::uint64_t{1} << index(name);
  }
  std::string_view name_at(std::size_t at) const noexcept { return view(spans_[at].name); }
  std::string_view value_at(std::size_t at) const noexcept { return view(spans_[at].value); }

  const char* bytes_ = nullptr;  // the caller's bytes
  std::uint64_t present_ = 0;    // a bit for each name seen
  std::uint64_t repeated_ = 0;   // a bit for each name seen twice
  Framing framing_;
  Body body_;
  std::uint16_t cursor_ = 0;  // the first byte that was not yet read
  std::uint16_t mark_ = 0;    // where the element that is being read began
  std::uint16_t size_ = 0;
  std::uint16_t failure_offset_ = 0;
  std::uint8_t field_count_ = 0;
  std::uint8_t phase_ = 0;  // a Phase of phase.h
  Error error_ = Error::none;
  Version version_ = Version::http_1_0;
  bool keep_alive_ = false;
  std::array<std::uint8_t, 64> first_;  // by name: the index of its first field
  std::array<FieldName, max_fields> ids_;
  std::array<FieldSpan, max_fields> spans_;
};

// The four forms of RFC 9112 3.2.
enum class TargetForm : std::uint8_t { origin, absolute, authority, asterisk };

// What Expect asks for (RFC 9110 10.1.1). Always none in HTTP/1.0.
enum class Expectation : std::uint8_t {
  none,
  continue_100,
  unsupported,  // anything else: 417
};

class RequestHead : public Head {
 public:
  RequestHead() noexcept = default;

  [[nodiscard]] Method method() const noexcept { return method_; }
  [[nodiscard]] std::string_view method_text() const noexcept { return view(method_span_); }
  // The target as it was sent.
  [[nodiscard]] std::string_view target() const noexcept { return view(target_); }
  [[nodiscard]] TargetForm target_form() const noexcept { return form_; }
  // Of the origin and absolute forms, as sent (not decoded); a constant "/" where an absolute form
  // has an empty path; empty in the other forms.
  [[nodiscard]] std::string_view path() const noexcept;
  // What follows the first "?", as sent. Empty without one; has_query() tells the two apart.
  [[nodiscard]] std::string_view query() const noexcept { return view(query_); }
  [[nodiscard]] bool has_query() const noexcept { return has_query_; }
  // The authority that the request is for: the target's, which overrules Host (RFC 9112 3.2.2),
  // else Host's value. Valid by RFC 3986, or empty.
  [[nodiscard]] std::string_view authority() const noexcept;

  [[nodiscard]] Expectation expectation() const noexcept { return expectation_; }
  [[nodiscard]] bool expects_continue() const noexcept {
    return expectation_ == Expectation::continue_100;
  }

  // Resets the head for the next request.
  void reset() noexcept;

 private:
  friend class HeadParser;
  friend class HeadJudge;
  template <class Scanner>
  friend class LineParser;

  Span method_span_ = {};
  Span target_ = {};
  Span authority_ = {};
  Span path_ = {};
  Span query_ = {};
  Method method_ = Method::unknown;
  TargetForm form_ = TargetForm::origin;
  Expectation expectation_ = Expectation::none;
  bool has_query_ = false;
};

class ResponseHead : public Head {
 public:
  ResponseHead() noexcept = default;

  // 100 to 999. RFC 9110 15: treat 600 and above as 5xx.
  [[nodiscard]] int status() const noexcept { return status_; }
  [[nodiscard]] int status_class() const noexcept { return status_ >= 600 ? 5 : status_ / 100; }
  [[nodiscard]] std::string_view reason() const noexcept { return view(reason_); }
  // The status line ended right after the status: Leniency::status_without_space.
  [[nodiscard]] bool reason_space_missing() const noexcept { return reason_space_missing_; }

  // Resets the head for the next response, also after a 1xx.
  void reset() noexcept;

 private:
  friend class HeadParser;
  friend class HeadJudge;
  template <class Scanner>
  friend class LineParser;

  Span reason_ = {};
  std::uint16_t status_ = 0;
  bool reason_space_missing_ = false;
};

static_assert(sizeof(RequestHead) <= 1344, "a head is meant to be about 1.2 KiB");

class Head::Fields {
 public:
  class Iterator {
   public:
    using value_type = Field;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = const Field*;
    using reference = Field;

    Iterator() noexcept = default;
    Iterator(const Head* head, std::size_t at) noexcept : head_(head), at_(at) {}
    Field operator*() const noexcept { return head_->field(at_); }
    Iterator& operator++() noexcept { return ++at_, *this; }
    Iterator operator++(int) noexcept { return Iterator(head_, at_++); }
    bool operator==(const Iterator& other) const noexcept { return at_ == other.at_; }

   private:
    const Head* head_ = nullptr;
    std::size_t at_ = 0;
  };

  explicit Fields(const Head& head) noexcept : head_(&head) {}
  [[nodiscard]] Iterator begin() const noexcept { return {head_, 0}; }
  [[nodiscard]] Iterator end() const noexcept { return {head_, head_->field_count()}; }

 private:
  const Head* head_;  // outlives this
};

class Head::NamedFields {
 public:
  class Iterator {
   public:
    using value_type = Field;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = const Field*;
    using reference = Field;

    Iterator() noexcept = default;
    Iterator(const Head* head, std::size_t at, FieldName name) noexcept
        : head_(head), at_(at), name_(name) {
      skip();
    }
    Field operator*() const noexcept { return head_->field(at_); }
    Iterator& operator++() noexcept {
      ++at_;
      skip();
      return *this;
    }
    Iterator operator++(int) noexcept {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const noexcept { return at_ == other.at_; }

   private:
    void skip() noexcept {
      while (at_ < head_->field_count_ && head_->ids_[at_] != name_) ++at_;
    }

    const Head* head_ = nullptr;
    std::size_t at_ = 0;
    FieldName name_ = FieldName::other;
  };

  NamedFields(const Head& head, FieldName name) noexcept : head_(&head), name_(name) {}
  [[nodiscard]] Iterator begin() const noexcept;
  [[nodiscard]] Iterator end() const noexcept { return {head_, head_->field_count(), name_}; }

 private:
  const Head* head_;  // outlives this
  FieldName name_;
};

inline Head::NamedFields::Iterator Head::NamedFields::begin() const noexcept {
  const std::size_t from = head_->has(name_) ? head_->first_[index(name_)] : head_->field_count();
  return {head_, from, name_};
}

inline void Head::reset() noexcept {
  bytes_ = nullptr;
  present_ = 0;
  repeated_ = 0;
  framing_ = Framing();
  body_ = Body();
  cursor_ = 0;
  mark_ = 0;
  size_ = 0;
  failure_offset_ = 0;
  field_count_ = 0;
  phase_ = 0;
  error_ = Error::none;
  version_ = Version::http_1_0;
  keep_alive_ = false;
}

inline void RequestHead::reset() noexcept {
  Head::reset();
  method_span_ = {};
  target_ = {};
  authority_ = {};
  path_ = {};
  query_ = {};
  method_ = Method::unknown;
  form_ = TargetForm::origin;
  expectation_ = Expectation::none;
  has_query_ = false;
}

inline void ResponseHead::reset() noexcept {
  Head::reset();
  reason_ = {};
  status_ = 0;
  reason_space_missing_ = false;
}

inline Head::Fields Head::fields() const noexcept { return Fields(*this); }
inline Head::NamedFields Head::fields(FieldName name) const noexcept {
  return NamedFields(*this, name);
}

}  // namespace http1
