/* SPDX-License-Identifier: MIT */
/*
 * Source of the names in undname_names.txt; compiles for Windows only, and need not run:
 *   clang -std=c++20 -S -emit-llvm --target=x86_64-pc-windows-msvc (and i686, with unsigned for
 *   the size of operator new and without __int128), then all quoted names that begin with ? or .
 */

namespace shop
{
namespace inner
{
struct Base {
    virtual ~Base();
    virtual int price(int) const;
    int plain;
    static int count;
};
struct Other {
    virtual ~Other();
    virtual void other();
};
struct Both : Base, Other {
    ~Both();
    int price(int) const override;
    void other() override;
    void operator()(int) &;
    void operator()(int) &&;
    void vol() volatile;
    void cvol() const volatile;
};
Base::~Base()
{
}
int Base::price(int) const
{
    return 1;
}
int Base::count;
Other::~Other()
{
}
void Other::other()
{
}
Both::~Both()
{
}
int Both::price(int) const
{
    return 2;
}
void Both::other()
{
}
void Both::operator()(int) &
{
}
void Both::operator()(int) &&
{
}
void Both::vol() volatile
{
}
void Both::cvol() const volatile
{
}
} // namespace inner
} // namespace shop
struct VBase {
    virtual ~VBase();
    virtual void vf();
    int x;
};
struct VDer : virtual VBase {
    VDer();
    ~VDer();
    void vf() override;
    int y;
};
struct VMore : VDer {
    VMore();
    void vf() override;
};
VBase::~VBase()
{
}
void VBase::vf()
{
}
VDer::VDer()
{
}
VDer::~VDer()
{
}
void VDer::vf()
{
}
VMore::VMore()
{
}
void VMore::vf()
{
}
enum Color { red };
enum class Shade : char { dark };
template <class T> struct Box {
    T t;
    Box();
    Box(const Box &);
    ~Box();
    Box &operator=(const Box &);
    template <class U> Box(U);
    operator T() const;
    T &operator[](int);
    T *operator->();
    T operator*() const;
    bool operator!() const;
    template <class U> void put(U, const T *);
    static T shared;
    struct Nested {
        void go(Box, Nested);
    };
};
template <class T> Box<T>::Box()
{
}
template <class T> Box<T>::Box(const Box &)
{
}
template <class T> Box<T>::~Box()
{
}
template <class T> Box<T> &Box<T>::operator=(const Box &)
{
    return *this;
}
template <class T> template <class U> Box<T>::Box(U)
{
}
template <class T> Box<T>::operator T() const
{
    return t;
}
template <class T> T &Box<T>::operator[](int)
{
    return t;
}
template <class T> T *Box<T>::operator->()
{
    return &t;
}
template <class T> T Box<T>::operator*() const
{
    return t;
}
template <class T> bool Box<T>::operator!() const
{
    return false;
}
template <class T> template <class U> void Box<T>::put(U, const T *)
{
}
template <class T> T Box<T>::shared;
template <class T> void Box<T>::Nested::go(Box, Nested)
{
}
template struct Box<int>;
template struct Box<Box<char>>;
template struct Box<Color>;
template struct Box<const char *>;
template Box<int>::Box(double);
template void Box<int>::put(Shade, const int *);
template void Box<Box<char>>::put(Box<int> *, const Box<char> *);
template struct Box<int>::Nested;
template <int N> int num()
{
    return N;
}
template int num<0>();
template int num<7>();
template int num<10>();
template int num<255>();
template int num<-1>();
template int num<-1000>();
template <long long N> int big()
{
    return 0;
}
template int big<0x7fffffffffffffff>();
template int big<(-0x7fffffffffffffff - 1)>();
template <bool B> void flag()
{
}
template void flag<true>();
template void flag<false>();
int global_v;
static int hidden_v;
const int fixed_v[3] = {1, 2, 3};
template <int *P> void addr()
{
}
template void addr<&global_v>();
template void addr<nullptr>();
template <int &R> void refr()
{
}
template void refr<global_v>();
void callee(int)
{
}
template <void (*F)(int)> void viaf()
{
}
template void viaf<callee>();
template <int shop::inner::Base::*M> void viam()
{
}
template void viam<&shop::inner::Base::plain>();
template <int (shop::inner::Base::*M)(int) const> void viamf()
{
}
template void viamf<&shop::inner::Base::price>();
template <void (shop::inner::Both::*M)()> void viamf2()
{
}
template void viamf2<&shop::inner::Both::other>();
template <template <class> class C> void tt()
{
}
template void tt<Box>();
template <class... T> void pack(T...)
{
}
template void pack<>();
template void pack<int, char, Color>(int, char, Color);
template <class A, class... T> struct Tup {
    void m(A, T...);
};
template <class A, class... T> void Tup<A, T...>::m(A, T...)
{
}
template struct Tup<int>;
template struct Tup<int, float, Tup<char>>;
template <auto V> void av()
{
}
template void av<5>();
template void av<'c'>();
template void av<&global_v>();
template void av<-3LL>();
struct Lit {
    int a;
    int b;
};
template <Lit L> void lv()
{
}
template void lv<Lit{1, 2}>();
struct Lit2 {
    Lit l;
    const char *p;
    int arr[2];
};
template <Lit2 L> void lv2()
{
}
template void lv2<Lit2{{1, 2}, nullptr, {3, 4}}>();
int f1(int)
{
    return 0;
}
int f2(const char *, const char *, char *)
{
    return 0;
}
void f3(...)
{
}
int f4(int, ...)
{
    return 0;
}
void f5(int (*)(char, int), int (*)(char, int))
{
}
void f6(int (shop::inner::Base::*)(int))
{
}
void f7(int shop::inner::Base::*)
{
}
void f8(int (&)[3], const int (*)[4][5])
{
}
void f9(int &&, const int &, volatile int *, const volatile int *const *)
{
}
int (*f10(int))(char)
{
    return 0;
}
int (&f11())[3];
int (&f11())[3]
{
    static int a[3];
    return a;
}
const int f12()
{
    return 1;
}
shop::inner::Base f13(shop::inner::Base b, shop::inner::Base *)
{
    return b;
}
const shop::inner::Base f14()
{
    return {};
}
auto f15()
{
    return 1;
}
decltype(auto) f16()
{
    return (global_v);
}
void f17() noexcept
{
}
void f18(void (*)() noexcept)
{
}
void f19(decltype(nullptr))
{
}
void f20(bool, wchar_t, char8_t, char16_t, char32_t, long long, unsigned long long, long double,
         signed char, unsigned char, short, unsigned short, unsigned, long, unsigned long, float)
{
}
void f21(__int128, unsigned __int128)
{
}
void f22(int *__restrict, int __unaligned *)
{
}
void __vectorcall f23(double)
{
}
void f24(Color, Shade)
{
}
void f25(void (*)(void (*)(int), void (*)(int)))
{
}
static void f26(int)
{
}
void usef26()
{
    f26(1);
}
namespace
{
struct Anon {
    void m();
};
void Anon::m()
{
}
void anonf(Anon)
{
}
} // namespace
void useanon()
{
    Anon a;
    a.m();
    anonf(a);
}
inline int local()
{
    static int counter = f1(2);
    struct L {
        void lm()
        {
            static int deep;
            deep++;
        }
    };
    L l;
    l.lm();
    return counter++;
}
int uselocal()
{
    return local();
}
inline int local2(int a)
{
    if (a) {
        static shop::inner::Base b1;
        (void)b1;
    }
    static shop::inner::Base b2;
    return 1;
}
int uselocal2()
{
    return local2(1);
}
inline auto lam()
{
    return [](int a) {
        static int in_lambda;
        return in_lambda += a;
    };
}
int uselam()
{
    auto g = [=](auto x) { return x; };
    return lam()(3) + g(4) + g('c');
}
void *operator new(unsigned long long);
void *operator new[](unsigned long long n)
{
    return operator new(n);
}
void operator delete(void *) noexcept;
void operator delete[](void *p) noexcept
{
    operator delete(p);
}
typedef int (*fpt)(char);
struct Ops {
    Ops operator+(Ops) const;
    Ops operator-();
    Ops operator/(int);
    Ops operator%(int);
    Ops operator^(int);
    Ops operator&(int);
    Ops operator|(int);
    Ops operator~();
    bool operator<(Ops);
    bool operator>(Ops);
    bool operator<=(Ops);
    bool operator>=(Ops);
    bool operator==(Ops);
    bool operator!=(Ops);
    Ops operator<<(int);
    Ops operator>>(int);
    Ops &operator<<=(int);
    Ops &operator>>=(int);
    Ops &operator+=(int);
    Ops &operator-=(int);
    Ops &operator*=(int);
    Ops &operator/=(int);
    Ops &operator%=(int);
    Ops &operator^=(int);
    Ops &operator&=(int);
    Ops &operator|=(int);
    Ops &operator++();
    Ops operator++(int);
    Ops &operator--();
    bool operator&&(Ops);
    bool operator||(Ops);
    Ops operator,(Ops);
    int operator->*(int);
    int operator()(int, char);
    operator bool();
    explicit operator const char *() const;
    operator fpt();
    int operator<=>(Ops) const;
    void *operator new(unsigned long long);
    void operator delete(void *);
};
#define D(x)                                                                                       \
    x                                                                                              \
    {                                                                                              \
        throw 1;                                                                                   \
    }
Ops Ops::operator+(Ops) const
{
    return *this;
}
Ops Ops::operator-()
{
    return *this;
}
Ops Ops::operator/(int)
{
    return *this;
}
Ops Ops::operator%(int)
{
    return *this;
}
Ops Ops::operator^(int)
{
    return *this;
}
Ops Ops::operator&(int)
{
    return *this;
}
Ops Ops::operator|(int)
{
    return *this;
}
Ops Ops::operator~()
{
    return *this;
}
bool Ops::operator<(Ops)
{
    return 0;
}
bool Ops::operator>(Ops)
{
    return 0;
}
bool Ops::operator<=(Ops)
{
    return 0;
}
bool Ops::operator>=(Ops)
{
    return 0;
}
bool Ops::operator==(Ops)
{
    return 0;
}
bool Ops::operator!=(Ops)
{
    return 0;
}
Ops Ops::operator<<(int)
{
    return *this;
}
Ops Ops::operator>>(int)
{
    return *this;
}
Ops &Ops::operator<<=(int)
{
    return *this;
}
Ops &Ops::operator>>=(int)
{
    return *this;
}
Ops &Ops::operator+=(int)
{
    return *this;
}
Ops &Ops::operator-=(int)
{
    return *this;
}
Ops &Ops::operator*=(int)
{
    return *this;
}
Ops &Ops::operator/=(int)
{
    return *this;
}
Ops &Ops::operator%=(int)
{
    return *this;
}
Ops &Ops::operator^=(int)
{
    return *this;
}
Ops &Ops::operator&=(int)
{
    return *this;
}
Ops &Ops::operator|=(int)
{
    return *this;
}
Ops &Ops::operator++()
{
    return *this;
}
Ops Ops::operator++(int)
{
    return *this;
}
Ops &Ops::operator--()
{
    return *this;
}
bool Ops::operator&&(Ops)
{
    return 0;
}
bool Ops::operator||(Ops)
{
    return 0;
}
Ops Ops::operator,(Ops)
{
    return *this;
}
int Ops::operator->*(int)
{
    return 0;
}
int Ops::operator()(int, char)
{
    return 0;
}
Ops::operator bool()
{
    return 0;
}
Ops::operator const char *() const
{
    return 0;
}
typedef int (*fpt)(char);
Ops::operator fpt()
{
    return 0;
}
int Ops::operator<=>(Ops) const
{
    return 0;
}
void *Ops::operator new(unsigned long long)
{
    return 0;
}
void Ops::operator delete(void *)
{
}
long double operator""_deg(long double x)
{
    return x;
}
shop::inner::Base dynamic_one;
namespace shop
{
inner::Base dynamic_two;
}
template <class T> struct Holder {
    static shop::inner::Base member;
};
template <class T> shop::inner::Base Holder<T>::member;
template struct Holder<int>;
inline shop::inner::Base inline_one;
thread_local shop::inner::Base tls_one;
const char *str()
{
    return "hello";
}
const wchar_t *wstr()
{
    return L"wide";
}
shop::inner::Base *mk()
{
    return new shop::inner::Base[3];
}
void (shop::inner::Base::*vp)();
int (shop::inner::Base::*vcallp)(int) const = &shop::inner::Base::price;
void thrower()
{
    throw 5;
}
struct Ex {
    Ex(const Ex &);
    Ex(int = 3);
    ~Ex();
};
Ex::Ex(const Ex &)
{
}
Ex::Ex(int)
{
}
Ex::~Ex()
{
}
void thrower2()
{
    throw Ex(1);
}
const int *const *volatile cptr;
int *const cp2 = 0;
const int **use2()
{
    return (const int **)&cp2;
}
int (*const fparr[2])(int) = {0, 0};
void *u3()
{
    return (void *)&fparr;
}
int (*fpv)(int, int (*)(int));
int shop::inner::Base::*mpv;
int (&rv)[3] = f11();
const volatile int cvv = 1;
const volatile void *u4()
{
    return &cvv;
}
extern "C" void cfun()
{
}
extern "C" int cstat()
{
    static int inc;
    return inc++;
}
union Un {
    int a;
    void m(Un);
};
void Un::m(Un)
{
}
void many(struct P1 *, struct P2 *, struct P3 *, struct P4 *, struct P5 *, struct P6 *, struct P7 *,
          struct P8 *, struct P9 *, struct P10 *, struct P11 *, P1 *, P10 *, P11 *)
{
}
template <class T> void fnarg(T)
{
}
template void fnarg<int (*)(char)>(int (*)(char));
template <class T> struct Fn {
    void m();
};
template <class T> void Fn<T>::m()
{
}
template struct Fn<int(char, long)>;
template struct Fn<void() const>;
template struct Fn<void() &&>;
template struct Fn<int[3]>;
template struct Fn<int[]>;
template struct Fn<const int>;
template struct Fn<const int[4]>;
template struct Fn<int &&>;
template struct Fn<int shop::inner::Base::*>;
template struct Fn<void (shop::inner::Base::*)(int) const>;
template struct Fn<volatile char *const>;
template struct Fn<void() noexcept>;
template struct Fn<void(...)>;
template <class T> int vartmpl = 3;
template int vartmpl<char>;
template <class T>
concept C1 = true;
template <C1 T> void constrained(T)
{
}
template void constrained<int>(int);
