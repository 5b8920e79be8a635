#pragma once

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace dkvm {

// What devices write (names, log lines) may be no UTF-8: it is replaced.
inline std::string json_text(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The items of one page of a list: as many as an answer has room for.
class AnswerPage {
 public:
  static constexpr std::size_t kItemsMax = 200;
  static constexpr std::size_t kBytesMax = 48 * 1024;  // as JSON

  // beside: bytes of the answer that are no items, as JSON.
  explicit AnswerPage(std::size_t items_max, std::size_t beside = 0)
      : items_max_(std::min(items_max, kItemsMax)), bytes_(beside) {}

  // Takes the item, or returns false: the page is full. The first one always fits.
  bool add(nlohmann::json item) {
    const std::size_t bytes = json_text(item).size() + 1;
    if (!items_.empty() && (items_.size() >= items_max_ || bytes_ + bytes > kBytesMax))
      return false;
    bytes_ += bytes;
    items_.push_back(std::move(item));
    return true;
  }

  bool empty() const { return items_.empty(); }
  nlohmann::json take() && { return std::move(items_); }

 private:
  std::size_t items_max_;
  std::size_t bytes_;
  nlohmann::json items_ = nlohmann::json::array();
};

}  // namespace dkvm
