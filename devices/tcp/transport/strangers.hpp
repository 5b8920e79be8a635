#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace dkvm::tcp {

// Who is being let in, and who goes when there are too many: the oldest of the
// address that has the most of them, so that one busy address costs the others
// nothing. Pure; the sockets are the caller's.
class Strangers {
 public:
  using Id = std::uint64_t;

  struct Limits {
    std::size_t all;
    std::size_t per_address;
    std::uint64_t time_ns;  // that each has
  };

  explicit Strangers(Limits limits) : limits_(limits) {}

  // Who has to go for a newcomer from this address; 0: nobody. The caller
  // removes it (or moves it on) and asks again.
  Id in_the_way(const std::string& address) const;

  // A newcomer, in the order of coming. Ids are unique and not 0.
  void add(Id id, const std::string& address, std::uint64_t now_ns);
  void remove(Id id);

  // Those whose time is over; they are still in the book.
  std::vector<Id> expired(std::uint64_t now_ns) const;
  // When the next one's is; 0: nobody is here.
  std::uint64_t due_ns() const { return first_ == 0 ? 0 : records_.at(first_).end_ns; }

  bool contains(Id id) const { return records_.contains(id); }
  std::size_t size() const { return records_.size(); }
  std::size_t from(const std::string& address) const;

 private:
  // Two lists through the records: of all, and of each address; oldest first.
  struct Record {
    std::string address;
    std::uint64_t end_ns = 0;
    Id before = 0, behind = 0;
    Id before_here = 0, behind_here = 0;
  };
  struct Address {
    Id first = 0, last = 0;
    std::size_t count = 0;
  };

  Limits limits_;
  std::unordered_map<Id, Record> records_;
  std::unordered_map<std::string, Address> addresses_;
  Id first_ = 0, last_ = 0;
};

}  // namespace dkvm::tcp
