#pragma once

#include <dkvm/topics.hpp>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <span>
#include <vector>

namespace dkvm {

// A set of topics, closed under intersection and difference even where one
// side is "every topic": ids below 64 are bits, the others a sorted list that
// names either the members or the exceptions.
class TopicSet {
 public:
  TopicSet() = default;
  TopicSet(std::initializer_list<TopicId> ids) : TopicSet(std::span(ids.begin(), ids.size())) {}
  explicit TopicSet(std::span<const TopicId> ids) {
    for (const TopicId id : ids) add(id);
  }

  static TopicSet all() {
    TopicSet set;
    set.bits_ = ~std::uint64_t{0};
    set.inverted_ = true;
    return set;
  }

  void add(TopicId id) {
    if (id < kBits) {
      bits_ |= std::uint64_t{1} << id;
      return;
    }
    const auto at = std::lower_bound(listed_.begin(), listed_.end(), id);
    const bool listed = at != listed_.end() && *at == id;
    if (inverted_ && listed) listed_.erase(at);
    if (!inverted_ && !listed) listed_.insert(at, id);
  }

  bool contains(TopicId id) const {
    if (id < kBits) return (bits_ >> id & 1) != 0;
    return std::binary_search(listed_.begin(), listed_.end(), id) != inverted_;
  }

  // Whether a topic of this id or above is in it.
  bool any_from(TopicId id) const {
    if (inverted_) return true;
    if (!listed_.empty() && listed_.back() >= id) return true;
    return id < kBits && (bits_ >> id) != 0;
  }

  bool empty() const { return bits_ == 0 && !inverted_ && listed_.empty(); }
  // True for sets made from all(): every topic but a few.
  bool open() const { return inverted_; }

  // The topics of a set that is not open().
  std::vector<TopicId> members() const {
    std::vector<TopicId> ids;
    for (TopicId id = 0; id < kBits; ++id)
      if ((bits_ >> id & 1) != 0) ids.push_back(id);
    ids.insert(ids.end(), listed_.begin(), listed_.end());
    return ids;
  }

  TopicSet operator~() const {
    TopicSet set = *this;
    set.bits_ = ~bits_;
    set.inverted_ = !inverted_;
    return set;
  }

  TopicSet operator&(const TopicSet& other) const {
    TopicSet set;
    set.bits_ = bits_ & other.bits_;
    set.inverted_ = inverted_ && other.inverted_;
    const auto out = std::back_inserter(set.listed_);
    const auto& a = listed_;
    const auto& b = other.listed_;
    if (inverted_ && other.inverted_)
      std::set_union(a.begin(), a.end(), b.begin(), b.end(), out);
    else if (inverted_)
      std::set_difference(b.begin(), b.end(), a.begin(), a.end(), out);
    else if (other.inverted_)
      std::set_difference(a.begin(), a.end(), b.begin(), b.end(), out);
    else
      std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), out);
    return set;
  }

  TopicSet operator|(const TopicSet& other) const { return ~(~*this & ~other); }
  TopicSet operator-(const TopicSet& other) const { return *this & ~other; }
  bool operator==(const TopicSet&) const = default;

 private:
  static constexpr TopicId kBits = 64;

  std::uint64_t bits_ = 0;
  bool inverted_ = false;  // listed_ names the exceptions
  std::vector<TopicId> listed_;
};

}  // namespace dkvm
