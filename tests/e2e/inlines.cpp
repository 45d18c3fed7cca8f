// SPDX-License-Identifier: MIT
// Functions with inlined calls in several shapes, for test_built_symbols.py: nested, of members, in
// loops and branches, several on one line. Built without a C++ library.
extern "C" int printf(const char *format, ...);

namespace shapes {

struct Point {
    int x, y;

    inline __attribute__((always_inline)) int norm() const
    {
        int sum = x * x;

        sum += y * y;
        return sum;
    }
};

template <int Factor>
static inline __attribute__((always_inline)) int scaled(const Point &point)
{
    int result = point.norm() * Factor;

    if (result > 1000)
        result -= point.x;
    return result;
}

static inline __attribute__((always_inline)) int summed(const Point *points, int count)
{
    int total = 0;

    for (int i = 0; i < count; i++)
        total += scaled<3>(points[i]) + scaled<5>(points[i]);
    return total;
}

__attribute__((noinline)) int area(const Point *points, int count)
{
    int result = summed(points, count);

    if (count > 2)
        result += points[0].norm() - points[1].norm();
    return result;
}

} // namespace shapes

namespace {

class Counter {
public:
    inline __attribute__((always_inline)) void add(int amount)
    {
        total_ += amount;
        if (total_ < 0)
            reset();
    }
    __attribute__((noinline)) int total() const { return total_; }

private:
    inline __attribute__((always_inline)) void reset() volatile { total_ = 0; }
    int total_ = 0;
};

} // namespace

int main(int argc, char **)
{
    shapes::Point points[4] = {{argc, 2}, {3, argc}, {5, 6}, {argc, argc}};
    Counter counter;

    for (int i = 0; i < argc; i++)
        counter.add(shapes::area(points, argc < 4 ? argc : 4));
    counter.add(shapes::scaled<7>(points[0]));
    printf("%d\n", counter.total());
    return 0;
}
