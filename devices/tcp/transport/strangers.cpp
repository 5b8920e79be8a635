#include "devices/tcp/transport/strangers.hpp"

#include <algorithm>

namespace dkvm::tcp {

Strangers::Id Strangers::in_the_way(const std::string& address) const {
  const auto here = addresses_.find(address);
  if (here != addresses_.end() && here->second.count >= limits_.per_address)
    return here->second.first;
  if (records_.size() < limits_.all) return 0;
  const auto busiest =
      std::max_element(addresses_.begin(), addresses_.end(), [this](const auto& a, const auto& b) {
        if (a.second.count != b.second.count) return a.second.count < b.second.count;
        return a.second.first > b.second.first;  // the one with the oldest
      });
  return busiest->second.first;
}

void Strangers::add(Id id, const std::string& address, std::uint64_t now_ns) {
  Address& here = addresses_[address];
  Record record{address, now_ns + limits_.time_ns, last_, 0, here.last, 0};
  if (last_ != 0) records_.at(last_).behind = id;
  if (here.last != 0) records_.at(here.last).behind_here = id;
  if (first_ == 0) first_ = id;
  if (here.first == 0) here.first = id;
  last_ = here.last = id;
  ++here.count;
  records_.emplace(id, std::move(record));
}

void Strangers::remove(Id id) {
  const auto found = records_.find(id);
  if (found == records_.end()) return;
  const Record record = std::move(found->second);
  records_.erase(found);
  (record.before == 0 ? first_ : records_.at(record.before).behind) = record.behind;
  (record.behind == 0 ? last_ : records_.at(record.behind).before) = record.before;
  Address& here = addresses_.at(record.address);
  (record.before_here == 0 ? here.first : records_.at(record.before_here).behind_here) =
      record.behind_here;
  (record.behind_here == 0 ? here.last : records_.at(record.behind_here).before_here) =
      record.before_here;
  if (--here.count == 0) addresses_.erase(record.address);
}

std::vector<Strangers::Id> Strangers::expired(std::uint64_t now_ns) const {
  std::vector<Id> ids;
  for (Id id = first_; id != 0; id = records_.at(id).behind) {
    if (records_.at(id).end_ns > now_ns) break;
    ids.push_back(id);
  }
  return ids;
}

std::size_t Strangers::from(const std::string& address) const {
  const auto here = addresses_.find(address);
  return here == addresses_.end() ? 0 : here->second.count;
}

}  // namespace dkvm::tcp
