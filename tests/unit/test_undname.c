/* SPDX-License-Identifier: MIT */
/* src/symbols/undname*.c: both forms of every construct, names that are left alone, limits. */
#include "base/limits.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "symbols/undname.h"
#include "support/suite.h"
#include "support/arena_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct row {
    const char *name;
    const char *full;
    const char *brief; /* NULL: the same */
};

/* The full texts agree with llvm-undname (e2e/test_undname_oracle.py), but for its spelling. */
/* clang-format off */
static const struct row rows[] = {
    {"?f@@YAXXZ",
     "void __cdecl f(void)",
     "f"},
    {"?f@B@A@@QAEHPBD@Z",
     "public: int __thiscall A::B::f(char const *)",
     "A::B::f"},
    {"?f@B@A@@AEAAXXZ",
     "private: void __cdecl A::B::f(void)",
     "A::B::f"},
    {"?f@B@A@@IEAAXXZ",
     "protected: void __cdecl A::B::f(void)",
     "A::B::f"},
    {"?f@B@A@@CAXXZ",
     "private: static void __cdecl A::B::f(void)",
     "A::B::f"},
    {"?f@B@A@@KAXXZ",
     "protected: static void __cdecl A::B::f(void)",
     "A::B::f"},
    {"?f@B@A@@SAXXZ",
     "public: static void __cdecl A::B::f(void)",
     "A::B::f"},
    {"?f@B@A@@EEAAXXZ",
     "private: virtual void __cdecl A::B::f(void)",
     "A::B::f"},
    {"?f@B@A@@MEAAXXZ",
     "protected: virtual void __cdecl A::B::f(void)",
     "A::B::f"},
    {"?f@B@A@@UEAAXXZ",
     "public: virtual void __cdecl A::B::f(void)",
     "A::B::f"},
    {"?f@B@A@@WBI@EAAXXZ",
     "[thunk]:public: virtual void __cdecl A::B::f`adjustor{24}'(void)",
     "A::B::f`adjustor{24}'"},
    {"?f@B@A@@GBI@AEXXZ",
     "[thunk]:private: virtual void __thiscall A::B::f`adjustor{24}'(void)",
     "A::B::f`adjustor{24}'"},
    {"?f@B@A@@O7EAAXXZ",
     "[thunk]:protected: virtual void __cdecl A::B::f`adjustor{8}'(void)",
     "A::B::f`adjustor{8}'"},
    {"?f@B@A@@$0PPPPPPPM@7EAAXXZ",
     "[thunk]:private: virtual void __cdecl A::B::f`vtordisp{-4,8}'(void)",
     "A::B::f`vtordisp{-4,8}'"},
    {"?f@B@A@@$2PPPPPPPM@A@EAAXXZ",
     "[thunk]:protected: virtual void __cdecl A::B::f`vtordisp{-4,0}'(void)",
     "A::B::f`vtordisp{-4,0}'"},
    {"?f@B@A@@$4PPPPPPPM@A@EAAXXZ",
     "[thunk]:public: virtual void __cdecl A::B::f`vtordisp{-4,0}'(void)",
     "A::B::f`vtordisp{-4,0}'"},
    {"?f@B@A@@$R477PPPPPPPM@7AEXXZ",
     "[thunk]:public: virtual void __thiscall A::B::f`vtordispex{8,8,-4,8}'(void)",
     "A::B::f`vtordispex{8,8,-4,8}'"},
    {"?f@@YGHH@Z",
     "int __stdcall f(int)",
     "f"},
    {"?f@@YIHH@Z",
     "int __fastcall f(int)",
     "f"},
    {"?f@@YQHH@Z",
     "int __vectorcall f(int)",
     "f"},
    {"?f@@YCHH@Z",
     "int __pascal f(int)",
     "f"},
    {"?f@@YEXXZ",
     "void __thiscall f(void)",
     "f"},
    {"?f@@YMXXZ",
     "void __clrcall f(void)",
     "f"},
    {"?f@@YwXXZ",
     "void __regcall f(void)",
     "f"},
    {"?f@@YAXZZ",
     "void __cdecl f(...)",
     "f"},
    {"?f@@YAXHZZ",
     "void __cdecl f(int,...)",
     "f"},
    {"?f@@YAXPEAHQEAHREAHSEAH@Z",
     "void __cdecl f(int *,int * const,int * volatile,int * const volatile)",
     "f"},
    {"?f@@YAXAEAHAEBHAECHAEDH@Z",
     "void __cdecl f(int &,int const &,int volatile &,int const volatile &)",
     "f"},
    {"?f@@YAX$$QEAHBEAH@Z",
     "void __cdecl f(int &&,int & volatile)",
     "f"},
    {"?f@@YAXPEIAHPEFAH@Z",
     "void __cdecl f(int * __restrict,int __unaligned *)",
     "f"},
    {"?f@@YAXPEAPEBPECD@Z",
     "void __cdecl f(char volatile * const * *)",
     "f"},
    {"?f@@YA?BHXZ",
     "int const __cdecl f(void)",
     "f"},
    {"?f@@YA?AUA@@XZ",
     "struct A __cdecl f(void)",
     "f"},
    {"?f@@YA?BVA@@XZ",
     "class A const __cdecl f(void)",
     "f"},
    {"?f@@YAPEAPEAHXZ",
     "int * * __cdecl f(void)",
     "f"},
    {"?f@@YAXP6AXXZP6GHH@Z@Z",
     "void __cdecl f(void (__cdecl*)(void),int (__stdcall*)(int))",
     "f"},
    {"?f@@YAXP8A@@EBAHXZ@Z",
     "void __cdecl f(int (__cdecl A::*)(void)const)",
     "f"},
    {"?f@@YAXPEQA@@H@Z",
     "void __cdecl f(int A::*)",
     "f"},
    {"?f@@YAXPERA@@H@Z",
     "void __cdecl f(int const A::*)",
     "f"},
    {"?f@@YAXAEAY02H@Z",
     "void __cdecl f(int (&)[3])",
     "f"},
    {"?f@@YAXPEAY123H@Z",
     "void __cdecl f(int (*)[3][4])",
     "f"},
    {"?f@@YAXW4E@A@@W41@W4F@@@Z",
     "void __cdecl f(enum A::E,enum E,enum F)",
     "f"},
    {"?f@@YAXTU@@@Z",
     "void __cdecl f(union U)",
     "f"},
    {"?f@@YAX$$T@Z",
     "void __cdecl f(std::nullptr_t)",
     "f"},
    {"?f@@YAX_J_K_N_W_Q_S_U_L_M@Z",
     "void __cdecl f(__int64,unsigned __int64,bool,wchar_t,char8_t,char16_t,char32_t,__int"
     "128,unsigned __int128)",
     "f"},
    {"?f@@YAX_D_E_F_G_H_I@Z",
     "void __cdecl f(__int8,unsigned __int8,__int16,unsigned __int16,__int32,unsigned __in"
     "t32)",
     "f"},
    {"?f@@YAXCDEFGHIJKMNO@Z",
     "void __cdecl f(signed char,char,unsigned char,short,unsigned short,int,unsigned int,"
     "long,unsigned long,float,double,long double)",
     "f"},
    {"?f@@YA_PXZ",
     "auto __cdecl f(void)",
     "f"},
    {"?f@@YA?A_TXZ",
     "decltype(auto) __cdecl f(void)",
     "f"},
    {"?f@@YAXX_E",
     "void __cdecl f(void) noexcept",
     "f"},
    {"?f@@YAXPEAUA@@0PEBU1@1@Z",
     "void __cdecl f(struct A *,struct A *,struct A const *,struct A const *)",
     "f"},
    {"?f@A@@QEGAAXXZ",
     "public: void __cdecl A::f(void) &",
     "A::f"},
    {"?f@A@@QEGBAXXZ",
     "public: void __cdecl A::f(void)const &",
     "A::f"},
    {"?f@A@@QEHAAXXZ",
     "public: void __cdecl A::f(void) &&",
     "A::f"},
    {"?f@A@@QEIAAXXZ",
     "public: void __cdecl A::f(void) __restrict",
     "A::f"},
    {"?f@A@@QEFAAXXZ",
     "public: void __cdecl A::f(void) __unaligned",
     "A::f"},
    {"?f@A@@QEDAXXZ",
     "public: void __cdecl A::f(void)const volatile",
     "A::f"},
    {"?f@@$$J0YAXXZ",
     "extern \"C\" void __cdecl f(void)",
     "f"},
    {"?f@@$$FYAXXZ",
     "void __cdecl f(void)",
     "f"},
    {"?f@@9",
     "extern \"C\" f",
     "f"},
    {"?x@@3HA",
     "int x",
     "x"},
    {"?x@@3HB",
     "int const x",
     "x"},
    {"?x@@3HC",
     "int volatile x",
     "x"},
    {"?x@@3PEBHEB",
     "int const * x",
     "x"},
    {"?x@@3QEBHEB",
     "int const * const x",
     "x"},
    {"?x@@3PAY02HA",
     "int (* x)[3]",
     "x"},
    {"?x@A@@0HA",
     "private: static int A::x",
     "A::x"},
    {"?x@A@@1HA",
     "protected: static int A::x",
     "A::x"},
    {"?x@A@@2HB",
     "public: static int const A::x",
     "A::x"},
    {"?x@?1?\?f@@YAXXZ@4HA",
     "int `void __cdecl f(void)'::`2'::x",
     "`f'::`2'::x"},
    {"?x@?BA@?\?f@@YAXXZ@4HA",
     "int `void __cdecl f(void)'::`16'::x",
     "`f'::`16'::x"},
    {"?x@?1?\?g@?1?\?f@@YAXXZ@YAXXZ@4HA",
     "int `void __cdecl `void __cdecl f(void)'::`2'::g(void)'::`2'::x",
     "``f'::`2'::g'::`2'::x"},
    {"?$S1@?1?\?f@@YAXXZ@4IA",
     "unsigned int `void __cdecl f(void)'::`2'::$S1",
     "`f'::`2'::$S1"},
    {"?$TSS0@?1?\?f@@YAXXZ@4HA",
     "int `void __cdecl f(void)'::`2'::$TSS0",
     "`f'::`2'::$TSS0"},
    {"?fp@@3P6AHH@ZEA",
     "int (__cdecl* fp)(int)",
     "fp"},
    {"?fa@@3PAP6AHH@ZA",
     "int (__cdecl* * fa)(int)",
     "fa"},
    {"?mp@@3PEQA@@HEQ1@",
     "int A::* mp",
     "mp"},
    {"?mf@@3P8A@@EAAXXZEQ1@",
     "void (__cdecl A::* mf)(void)",
     "mf"},
    {"?v@@3V?$vector@HV?$allocator@H@std@@@std@@A",
     "class std::vector<int,class std::allocator<int> > v",
     "v"},
    {"?\?0A@@QEAA@XZ",
     "public: __cdecl A::A(void)",
     "A::A"},
    {"?\?0A@@QEAA@AEBV0@@Z",
     "public: __cdecl A::A(class A const &)",
     "A::A"},
    {"?\?1A@@UEAA@XZ",
     "public: virtual __cdecl A::~A(void)",
     "A::~A"},
    {"?\?0?$A@H@@QEAA@XZ",
     "public: __cdecl A<int>::A<int>(void)",
     "A<int>::A<int>"},
    {"?\?$?0H@A@@QEAA@H@Z",
     "public: __cdecl A::A<int>(int)",
     "A::A<int>"},
    {"?\?2@YAPEAX_K@Z",
     "void * __cdecl operator new(unsigned __int64)",
     "operator new"},
    {"?\?3@YAXPEAX@Z",
     "void __cdecl operator delete(void *)",
     "operator delete"},
    {"?\?_U@YAPEAX_K@Z",
     "void * __cdecl operator new[](unsigned __int64)",
     "operator new[]"},
    {"?\?_V@YAXPEAX@Z",
     "void __cdecl operator delete[](void *)",
     "operator delete[]"},
    {"?\?4A@@QEAAAEAV0@AEBV0@@Z",
     "public: class A & __cdecl A::operator=(class A const &)",
     "A::operator="},
    {"?\?8@YA_NAEBVA@@0@Z",
     "bool __cdecl operator==(class A const &,class A const &)",
     "operator=="},
    {"?\?BA@@QEBAHXZ",
     "public: __cdecl A::operator int(void)const",
     "A::operator int"},
    {"?\?BA@@QEBAPEBDXZ",
     "public: __cdecl A::operator char const *(void)const",
     "A::operator char const *"},
    {"?\?$?BH@A@@QEAAHXZ",
     "public: __cdecl A::operator<int> int(void)",
     "A::operator<int> int"},
    {"?\?$?6DU?$char_traits@D@std@@@std@@YAAEAV?$basic_ostream@DU?$char_traits@D@std@@@0@A"
     "EAV10@PEBD@Z",
     "class std::basic_ostream<char,struct std::char_traits<char> > & __cdecl std::operato"
     "r<<<char,struct std::char_traits<char> >(class std::basic_ostream<char,struct std::c"
     "har_traits<char> > &,char const *)",
     "std::operator<<<char,std::char_traits<char> >"},
    {"?\?RA@@QEAAXXZ",
     "public: void __cdecl A::operator()(void)",
     "A::operator()"},
    {"?\?__K_deg@@YAHO@Z",
     "int __cdecl operator \"\"_deg(long double)",
     "operator \"\"_deg"},
    {"?\?__LA@@QEAAXXZ",
     "public: void __cdecl A::operator co_await(void)",
     "A::operator co_await"},
    {"?\?__MA@@QEBAHAEBV0@@Z",
     "public: int __cdecl A::operator<=>(class A const &)const",
     "A::operator<=>"},
    {"?\?_0A@@QEAAXH@Z",
     "public: void __cdecl A::operator/=(int)",
     "A::operator/="},
    {"?\?_DA@@QEAAXXZ",
     "public: void __cdecl A::`vbase destructor'(void)",
     "A::`vbase destructor'"},
    {"?\?_EA@@UEAAPEAXI@Z",
     "public: virtual void * __cdecl A::`vector deleting destructor'(unsigned int)",
     "A::`vector deleting destructor'"},
    {"?\?_FA@@QEAAXXZ",
     "public: void __cdecl A::`default constructor closure'(void)",
     "A::`default constructor closure'"},
    {"?\?_GA@@UEAAPEAXI@Z",
     "public: virtual void * __cdecl A::`scalar deleting destructor'(unsigned int)",
     "A::`scalar deleting destructor'"},
    {"?\?_GA@@WBA@EAAPEAXI@Z",
     "[thunk]:public: virtual void * __cdecl A::`scalar deleting destructor'`adjustor{16}'"
     "(unsigned int)",
     "A::`scalar deleting destructor'`adjustor{16}'"},
    {"?\?_H@YAXPEAX_K1P6APEAX0@Z@Z",
     "void __cdecl `vector constructor iterator'(void *,unsigned __int64,unsigned __int64,"
     "void * (__cdecl*)(void *))",
     "`vector constructor iterator'"},
    {"?\?_I@YAXPEAX_K1P6AX0@Z@Z",
     "void __cdecl `vector destructor iterator'(void *,unsigned __int64,unsigned __int64,v"
     "oid (__cdecl*)(void *))",
     "`vector destructor iterator'"},
    {"?\?_L@YAXPEAX_K1P6AX0@Z2@Z",
     "void __cdecl `eh vector constructor iterator'(void *,unsigned __int64,unsigned __int"
     "64,void (__cdecl*)(void *),void (__cdecl*)(void *))",
     "`eh vector constructor iterator'"},
    {"?\?_M@YAXPEAX_K1P6AX0@Z@Z",
     "void __cdecl `eh vector destructor iterator'(void *,unsigned __int64,unsigned __int6"
     "4,void (__cdecl*)(void *))",
     "`eh vector destructor iterator'"},
    {"?\?_OA@@QEAAXAEAV0@@Z",
     "public: void __cdecl A::`copy constructor closure'(class A &)",
     "A::`copy constructor closure'"},
    {"?\?__C@YAXPEAX_K1P6AX0@Z@Z",
     "void __cdecl `eh vector copy constructor iterator'(void *,unsigned __int64,unsigned "
     "__int64,void (__cdecl*)(void *))",
     "`eh vector copy constructor iterator'"},
    {"?\?_7A@@6B@",
     "const A::`vftable'",
     "A::`vftable'"},
    {"?\?_7A@@6BB@@@",
     "const A::`vftable'{for `B'}",
     "A::`vftable'{for `B'}"},
    {"?\?_7A@@6BB@@C@D@@@",
     "const A::`vftable'{for `B's `D::C'}",
     "A::`vftable'{for `B's `D::C'}"},
    {"?\?_8A@@7B@",
     "const A::`vbtable'",
     "A::`vbtable'"},
    {"?\?_8A@@7BB@@@",
     "const A::`vbtable'{for `B'}",
     "A::`vbtable'{for `B'}"},
    {"?\?_SA@@6B@",
     "const A::`local vftable'",
     "A::`local vftable'"},
    {"?\?_9A@@$BBA@AA",
     "[thunk]: __cdecl A::`vcall'{16,{flat}}",
     "A::`vcall'{16,{flat}}"},
    {"?\?_B?1?\?f@@YAXXZ@51",
     "`void __cdecl f(void)'::`2'::`local static guard'{2}",
     "`f'::`2'::`local static guard'{2}"},
    {"?\?_B?1?\?f@@YAXXZ@4IA",
     "`void __cdecl f(void)'::`2'::`local static guard'",
     "`f'::`2'::`local static guard'"},
    {"?\?__J?1?\?f@@YAXXZ@51",
     "`void __cdecl f(void)'::`2'::`local static thread guard'{2}",
     "`f'::`2'::`local static thread guard'{2}"},
    {"?\?_C@_05CJBACGMB@hello?$AA@",
     "`string'",
     NULL},
    {"?\?_C@_1M@KANJNLFF@?$AAw?$AAi?$AAd?$AAe?$AA?$AA@",
     "`string'",
     NULL},
    {"?\?_R0?AVA@@@8",
     "class A `RTTI Type Descriptor'",
     "A `RTTI Type Descriptor'"},
    {"?\?_R0H@8",
     "int `RTTI Type Descriptor'",
     NULL},
    {"?\?_R0PEAVA@B@@@8",
     "class B::A * `RTTI Type Descriptor'",
     "B::A * `RTTI Type Descriptor'"},
    {"?\?_R1A@?0A@EA@A@@8",
     "A::`RTTI Base Class Descriptor at (0,-1,0,64)'",
     NULL},
    {"?\?_R2A@@8",
     "A::`RTTI Base Class Array'",
     NULL},
    {"?\?_R3A@@8",
     "A::`RTTI Class Hierarchy Descriptor'",
     NULL},
    {"?\?_R4A@@6B@",
     "const A::`RTTI Complete Object Locator'",
     "A::`RTTI Complete Object Locator'"},
    {"?\?_R4A@@6BB@@@",
     "const A::`RTTI Complete Object Locator'{for `B'}",
     "A::`RTTI Complete Object Locator'{for `B'}"},
    {"?\?__Ex@@YAXXZ",
     "void __cdecl `dynamic initializer for 'x''(void)",
     "`dynamic initializer for 'x''"},
    {"?\?__Ex@A@@YAXXZ",
     "void __cdecl `dynamic initializer for 'A::x''(void)",
     "`dynamic initializer for 'A::x''"},
    {"?\?__Fx@@YAXXZ",
     "void __cdecl `dynamic atexit destructor for 'x''(void)",
     "`dynamic atexit destructor for 'x''"},
    {"?\?__E?x@A@@2HA@@YAXXZ",
     "void __cdecl `dynamic initializer for `public: static int A::x''(void)",
     "`dynamic initializer for `A::x''"},
    {"?\?__F?x@A@@2HA@@YAXXZ",
     "void __cdecl `dynamic atexit destructor for `public: static int A::x''(void)",
     "`dynamic atexit destructor for `A::x''"},
    {"?f@?A0x1234abcd@@YAXXZ",
     "void __cdecl `anonymous namespace'::f(void)",
     "`anonymous namespace'::f"},
    {"?f@B@?A0x1234abcd@A@@YAXAEAUB@23@@Z",
     "void __cdecl A::`anonymous namespace'::B::f(struct A::`anonymous namespace'::B &)",
     "A::`anonymous namespace'::B::f"},
    {"?\?R<lambda_1>@?0?\?main@@YAHXZ@QEBA@XZ",
     "public: __cdecl `int __cdecl main(void)'::`1'::<lambda_1>::operator()(void)const",
     "`main'::`1'::<lambda_1>::operator()"},
    {"?dtor$0@?0?\?main@@YAHXZ@4HA",
     "int `int __cdecl main(void)'::`1'::dtor$0",
     "`main'::`1'::dtor$0"},
    {"?catch$3@?0?\?f@A@@QEAAXXZ@4HA",
     "int `public: void __cdecl A::f(void)'::`1'::catch$3",
     "`A::f'::`1'::catch$3"},
    {"?f@@YAXXZ.cold",
     "void __cdecl f(void).cold",
     "f.cold"},
    {"?\?$f@$0A@@@YAXXZ",
     "void __cdecl f<0>(void)",
     "f<0>"},
    {"?\?$f@$00@@YAXXZ",
     "void __cdecl f<1>(void)",
     "f<1>"},
    {"?\?$f@$0?9@@YAXXZ",
     "void __cdecl f<-10>(void)",
     "f<-10>"},
    {"?\?$f@$0BAA@@@YAXXZ",
     "void __cdecl f<256>(void)",
     "f<256>"},
    {"?\?$f@$1?x@@3HA@@YAXXZ",
     "void __cdecl f<&int x>(void)",
     "f<&x>"},
    {"?\?$f@$E?x@@3HA@@YAXXZ",
     "void __cdecl f<int x>(void)",
     "f<x>"},
    {"?\?$f@$1?g@@YAXXZ@@YAXXZ",
     "void __cdecl f<&void __cdecl g(void)>(void)",
     "f<&g>"},
    {"?\?$f@$H?g@A@@QEAAXXZA@@@YAXXZ",
     "void __cdecl f<{public: void __cdecl A::g(void),0}>(void)",
     "f<{A::g,0}>"},
    {"?\?$f@$I?g@A@@QEAAXXZA@7@@YAXXZ",
     "void __cdecl f<{public: void __cdecl A::g(void),0,8}>(void)",
     "f<{A::g,0,8}>"},
    {"?\?$f@$J?g@A@@QEAAXXZA@73@@YAXXZ",
     "void __cdecl f<{public: void __cdecl A::g(void),0,8,4}>(void)",
     "f<{A::g,0,8,4}>"},
    {"?\?$f@$F7A@@@YAXXZ",
     "void __cdecl f<{8,0}>(void)",
     "f<{8,0}>"},
    {"?\?$f@$G7A@3@@YAXXZ",
     "void __cdecl f<{8,0,4}>(void)",
     "f<{8,0,4}>"},
    {"?\?$f@$$V@@YAXXZ",
     "void __cdecl f<>(void)",
     "f<>"},
    {"?\?$f@$$Z@@YAXXZ",
     "void __cdecl f<>(void)",
     "f<>"},
    {"?\?$f@$S@@YAXXZ",
     "void __cdecl f<>(void)",
     "f<>"},
    {"?\?$f@$$$V@@YAXXZ",
     "void __cdecl f<>(void)",
     "f<>"},
    {"?\?$f@$$YA@B@@@@YAXXZ",
     "void __cdecl f<B::A>(void)",
     "f<B::A>"},
    {"?\?$f@$$BY02H@@YAXXZ",
     "void __cdecl f<int [3]>(void)",
     "f<int [3]>"},
    {"?\?$f@$$BY0A@H@@YAXXZ",
     "void __cdecl f<int []>(void)",
     "f<int []>"},
    {"?\?$f@$$CBH@@YAXXZ",
     "void __cdecl f<int const>(void)",
     "f<int const>"},
    {"?\?$f@$$A6AHD@Z@@YAXXZ",
     "void __cdecl f<int __cdecl(char)>(void)",
     "f<int __cdecl(char)>"},
    {"?\?$f@$$A8@@EBAHD@Z@@YAXXZ",
     "void __cdecl f<int __cdecl(char)const>(void)",
     "f<int __cdecl(char)const>"},
    {"?\?$f@$MH04@@YAXXZ",
     "void __cdecl f<5>(void)",
     "f<5>"},
    {"?\?$f@$2UA@@H00H01@@@YAXXZ",
     "void __cdecl f<struct A{1,2}>(void)",
     "f<A{1,2}>"},
    {"?f@@YAXV?$A@V?$B@V?$C@H@@@@@@@Z",
     "void __cdecl f(class A<class B<class C<int> > >)",
     "f"},
    {"?push_back@?$vector@HV?$allocator@H@std@@@std@@QEAAXAEBH@Z",
     "public: void __cdecl std::vector<int,class std::allocator<int> >::push_back(int cons"
     "t &)",
     "std::vector<int,std::allocator<int> >::push_back"},
    {"?f@?$A@H@1@QEAAXXZ",
     "public: void __cdecl A<int>::A<int>::f(void)",
     "A<int>::A<int>::f"},
    {"?get@?$tuple_element@$00V?$tuple@HD@std@@@std@@SAXXZ",
     "public: static void __cdecl std::tuple_element<1,class std::tuple<int,char> >::get(v"
     "oid)",
     "std::tuple_element<1,std::tuple<int,char> >::get"},
    {"?\?$make_pair@HV?$basic_string@DU?$char_traits@D@std@@V?$allocator@D@2@@std@@@std@@Y"
     "A?AU?$pair@HV?$basic_string@DU?$char_traits@D@std@@V?$allocator@D@2@@std@@@0@HAEBV?$"
     "basic_string@DU?$char_traits@D@std@@V?$allocator@D@2@@0@@Z",
     "struct std::pair<int,class std::basic_string<char,struct std::char_traits<char>,clas"
     "s std::allocator<char> > > __cdecl std::make_pair<int,class std::basic_string<char,s"
     "truct std::char_traits<char>,class std::allocator<char> > >(int,class std::basic_str"
     "ing<char,struct std::char_traits<char>,class std::allocator<char> > const &)",
     "std::make_pair<int,std::basic_string<char,std::char_traits<char>,std::allocator<char"
     "> > >"},
    {"?\?@0123456789abcdef0123456789abcdef@",
     "?\?@0123456789abcdef0123456789abcdef@",
     NULL},
    {"?\?@0123456789abcdef0123456789abcdef@?\?_R4@",
     "?\?@0123456789abcdef0123456789abcdef@?\?_R4@",
     NULL},
    {".?AVexception@std@@",
     "class std::exception",
     "std::exception"},
    {".?AU?$A@VB@@@@",
     "struct A<class B>",
     "A<B>"},
    {".H",
     "int",
     NULL},
    {".PEAD",
     "char *",
     NULL},
    {"__imp_?f@A@@QEAAXXZ",
     "__declspec(dllimport) public: void __cdecl A::f(void)",
     "__imp_A::f"},
    {"?TransOpen@OSF_CCONNECTION@@UEAAJI@Z",
     "public: virtual long __cdecl OSF_CCONNECTION::TransOpen(unsigned int)",
     "OSF_CCONNECTION::TransOpen"},
};
/* clang-format on */

static const char *full(const char *name)
{
    const char *text = avd_undecorate(&test_arena, name, AVD_UNDNAME_FULL, false);

    ck_assert_ptr_nonnull(text);
    return text;
}

static const char *brief(const char *name)
{
    const char *text = avd_undecorate(&test_arena, name, AVD_UNDNAME_NAME_ONLY, false);

    ck_assert_ptr_nonnull(text);
    return text;
}

static void stays(const char *name)
{
    ck_assert_msg(strcmp(full(name), name) == 0, "%.80s becomes %.80s", name, full(name));
    ck_assert_msg(strcmp(brief(name), name) == 0, "%.80s becomes %.80s", name, brief(name));
    /* A copy. */
    ck_assert_ptr_ne(full(name), name);
}

START_TEST(test_rows)
{
    const struct row *row = &rows[_i];

    ck_assert_str_eq(full(row->name), row->full);
    ck_assert_str_eq(brief(row->name), row->brief == NULL ? row->full : row->brief);
    /* 32-bit code has the same C++ names. */
    ck_assert_str_eq(avd_undecorate(&test_arena, row->name, AVD_UNDNAME_FULL, true), row->full);
}
END_TEST

/* What stands behind "?" in "??<code>@YAXXZ". */
START_TEST(test_operators)
{
    /* clang-format off */
    static const char *const codes[][2] = {
        {"2", "operator new"}, {"3", "operator delete"}, {"4", "operator="}, {"5", "operator>>"},
        {"6", "operator<<"}, {"7", "operator!"}, {"8", "operator=="}, {"9", "operator!="},
        {"A", "operator[]"}, {"C", "operator->"}, {"D", "operator*"}, {"E", "operator++"},
        {"F", "operator--"}, {"G", "operator-"}, {"H", "operator+"}, {"I", "operator&"},
        {"J", "operator->*"}, {"K", "operator/"}, {"L", "operator%"}, {"M", "operator<"},
        {"N", "operator<="}, {"O", "operator>"}, {"P", "operator>="}, {"Q", "operator,"},
        {"R", "operator()"}, {"S", "operator~"}, {"T", "operator^"}, {"U", "operator|"},
        {"V", "operator&&"}, {"W", "operator||"}, {"X", "operator*="}, {"Y", "operator+="},
        {"Z", "operator-="}, {"_0", "operator/="}, {"_1", "operator%="}, {"_2", "operator>>="},
        {"_3", "operator<<="}, {"_4", "operator&="}, {"_5", "operator|="}, {"_6", "operator^="},
        {"_D", "`vbase destructor'"}, {"_E", "`vector deleting destructor'"},
        {"_F", "`default constructor closure'"}, {"_G", "`scalar deleting destructor'"},
        {"_H", "`vector constructor iterator'"}, {"_I", "`vector destructor iterator'"},
        {"_J", "`vector vbase constructor iterator'"}, {"_K", "`virtual displacement map'"},
        {"_L", "`eh vector constructor iterator'"}, {"_M", "`eh vector destructor iterator'"},
        {"_N", "`eh vector vbase constructor iterator'"}, {"_O", "`copy constructor closure'"},
        {"_T", "`local vftable constructor closure'"}, {"_U", "operator new[]"},
        {"_V", "operator delete[]"}, {"__A", "`managed vector constructor iterator'"},
        {"__B", "`managed vector destructor iterator'"},
        {"__C", "`eh vector copy constructor iterator'"},
        {"__D", "`eh vector vbase copy constructor iterator'"},
        {"__G", "`vector copy constructor iterator'"},
        {"__H", "`vector vbase copy constructor iterator'"},
        {"__I", "`managed vector vbase copy constructor iterator'"},
        {"__L", "operator co_await"}, {"__M", "operator<=>"},
    };
    /* clang-format on */
    size_t i;

    for (i = 0; i < sizeof codes / sizeof codes[0]; i++)
        ck_assert_str_eq(brief(avd_arena_printf(&test_arena, "?\?%s@YAXXZ", codes[i][0])),
                         codes[i][1]);
}
END_TEST

START_TEST(test_left_as_they_are)
{
    /* clang-format off */
    static const char *const names[] = {
        "", "main", "_f", "_f@8", "@f@8", "f@@8", "A::f<int>", "operator new", "<lambda_1>",
        "_Zfoo", "_Rfoo", "_ZN3foo3bar", "?", "??", "???", "?@", "??@", "??@abc", "?f", "?f@",
        "?f@@", "?f@@Y", "?f@@YA", "?f@@YAX", "?f@@YAXX", "?f@@YAXXZZ", "?f@@YAXXZ_E", "?f@@YAXX_F",
        "?f@@yAXXZ", "?f@@YKXXZ", "?f@@YA!XZ", "?f@@YAX0@Z", "?f@@YAXPEAH1@Z",
        "?f@1@@YAXXZ", "?0@@YAXXZ", "?@@YAXXZ", "?x@@3H", "?x@@3HE", "?x@@5HA", "?x@@3PEAHE",
        "?x@@3PEAHEAA", "?f@A@@QEAAXX", "?f@A@@QEEAAXXZ", "?f@A@@$6AXXZ", "?f@A@@$4AXXZ",
        "?f@A@@WAAXXZ", "??Z@", "??_Q@YAXXZ", "??__N@YAXXZ", "??__KA", "??_7A@@", "??_7A@@6",
        "??_7A@@6B", "??_7A@@8B@", "??_7A@@6BB@", "??_R0", "??_R0H", "??_R0H@", "??_R1A@?0A@EA",
        "??_R1A@?0A@EA@A@@", "??_R5A@@8", "??_R2A@@", "??_C@_2x@y@", "??_C@x", "??_C@_0", "??_AA@@",
        "??_PA@@8", "??_9A@@$BA@", "??_9A@@$BA@A", "??_9A@@$BA@AZ", "??_B?1??f@@YAXXZ@",
        "??__E", "??__E?x@@3HA@", "??__E?x@@3HA@@", "??__E?f@@YAXXZ@@YAXXZ", "?x@?1??f@@YAXXZ4HA",
        "?x@?@4HA", "?x@?1@4HA", "?f@?A0x12", "??$f", "??$f@", "??$f@H", "??$f@H@", "??$@H@@YAXXZ",
        "??$f@$@@YAXXZ", "??$f@$0@@YAXXZ", "??$f@$0A@@YAXXZ", "??$f@$1@@YAXXZ", "??$f@$1x@@YAXXZ",
        "??$f@$Lx@@YAXXZ", "??$f@$M@@YAXXZ", "??$f@$MH@@YAXXZ", "??$f@$2H@@YAXXZ",
        "??$f@$2UA@@3H@@YAXXZ", "??$f@$$@@YAXXZ", "??$f@$$BH", "??$f@$$C@@YAXXZ",
        "??$f@$F7@@YAXXZ", "?f@@YAXPEAY@Z", "?f@@YAXPEAYA@H@Z", "?f@@YAXPEAY?0H@Z",
        "?f@@YAXPEAY0H@Z", "?f@@YAXP7@Z", "?f@@YAXP8A@@@Z", "?f@@YAXPEAQ@Z", "?f@@YAXPEZH@Z",
        "?f@@YAXW4@Z", "?f@@YAXW9E@@@Z", "?f@@YAXV@Z", "?f@@YAX_Z@Z", "?f@@YAX_@Z", "?f@@YAX$$@Z",
        "?f@@YA?EHXZ", "?f@@YA?QHXZ", "?f@A@@QEQAXXZ", "??$f@$$CQH@@YAXXZ", "??_7A@@6Q@",
        "?f@@YAX?A@Z", "?f@@YAXXZjunk", "?f@@YAXXZ$0", ".", ".?",
        ".?A", ".?AV", ".?AVA@@x", ".text", ".refptr.x", "__imp_f", "__imp_?", "??f",
        "?a@b@@@YAXXZ",
    };
    /* clang-format on */
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        stays(names[i]);
}
END_TEST

/* Every beginning of a name is no name, or a whole one. */
START_TEST(test_cut)
{
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t size = strlen(rows[i].name);
        size_t cut;

        for (cut = 0; cut < size; cut++) {
            char *name = malloc(cut + 1);

            ck_assert_ptr_nonnull(name);
            memcpy(name, rows[i].name, cut);
            name[cut] = '\0';
            (void)full(name);
            (void)brief(name);
            free(name);
            avd_arena_deinit(&test_arena);
        }
    }
}
END_TEST

START_TEST(test_c_names)
{
    /* clang-format off */
    static const char *const names[][2] = {
        {"_f@8", "f"}, {"@f@8", "f"}, {"f@@16", "f"}, {"_f", "f"}, {"__f", "_f"}, {"f", "f"},
        {"_f@", "_f@"}, {"_f@8x", "_f@8x"}, {"@f", "@f"}, {"f@8", "f@8"}, {"_", "_"}, {"@8", "@8"},
        {"_@8", "_@8"}, {"@@8", "@@8"}, {"_GetTickCount@0", "GetTickCount"}, {"", ""},
        {"__imp__CreateFileW@28", "_imp__CreateFileW"}, {"__Zfoo", "__Zfoo"},
        {"_Zfoo", "_Zfoo"}, {"__Rfoo", "_Rfoo"},
        {"_RtlFreeHeap@12", "RtlFreeHeap"}, {"_ZwClose@4", "ZwClose"}, {"_RNG@4", "RNG"},
        {"_RpcRaiseException", "RpcRaiseException"},
        {"_f@12@8", "f@12"}, {"?f@8", "?f@8"}, {"A::f", "A::f"},
    };
    /* clang-format on */
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_str_eq(avd_undecorate(&test_arena, names[i][0], AVD_UNDNAME_NAME_ONLY, true),
                         names[i][1]);
        ck_assert_str_eq(avd_undecorate(&test_arena, names[i][0], AVD_UNDNAME_FULL, true),
                         names[i][1]);
    }
}
END_TEST

/* Not decorated, but of an anonymous namespace, as PDBs record them. */
START_TEST(test_anonymous_namespaces)
{
    ck_assert_str_eq(brief("?A0x1234abcd::f"), "`anonymous namespace'::f");
    ck_assert_str_eq(full("A::?A0x1234ABCD::f<?A0x0::g>"),
                     "A::`anonymous namespace'::f<`anonymous namespace'::g>");
    stays("?A0x1234abcd");
    stays("A::?A0xyz::f");
    stays("A::?A0x1234:f");
}
END_TEST

/* References by digit beyond what is there; the eleventh name is not remembered. */
START_TEST(test_references)
{
    ck_assert_str_eq(full("?f@a@b@c@d@e@g@h@i@j@k@l@@YAXV9@@Z"),
                     "void __cdecl l::k::j::i::h::g::e::d::c::b::a::f(class j)");
    ck_assert_str_eq(brief("?f@a@b@c@d@e@g@h@i@j@k@9@YAXXZ"), "j::k::j::i::h::g::e::d::c::b::a::f");
    /* A name is remembered once. */
    ck_assert_str_eq(full("?a@a@b@@YAXV1@@Z"), "void __cdecl b::a::a(class b)");
    /* What a digit means in template arguments is their own. */
    ck_assert_str_eq(full("?f@b@@YAXV?$t@V0@Vc@@V1@@1@@Z"),
                     "void __cdecl b::f(class b::t<class t,class c,class c>)");
    /* Types of one letter are not remembered. */
    ck_assert_str_eq(full("?f@@YAXHPEAHPEAD01@Z"), "void __cdecl f(int,int *,char *,int *,char *)");
    stays("?f@@YAXHPEAH1@Z");
    /* Parameters of parameters are. */
    ck_assert_str_eq(full("?f@@YAXP6AXPEAH@Z0@Z"), "void __cdecl f(void (__cdecl*)(int *),int *)");
}
END_TEST

static const char *repeated(const char *head, const char *part, size_t count, const char *tail)
{
    struct avd_strbuf buf;
    const char *text;

    avd_strbuf_init(&buf);
    avd_strbuf_puts(&buf, head);
    for (; count != 0; count--)
        avd_strbuf_puts(&buf, part);
    avd_strbuf_puts(&buf, tail);
    text = avd_arena_strdup(&test_arena, avd_strbuf_text(&buf));
    ck_assert_ptr_nonnull(text);
    avd_strbuf_deinit(&buf);
    return text;
}

START_TEST(test_depth)
{
    /* A hundred stars can be; the depth has an end, and the name stays. */
    ck_assert_uint_eq(strlen(full(repeated("?f@@YAX", "PEA", 100, "H@Z"))), 19 + 200);
    stays(repeated("?f@@YAX", "PEA", AVD_MAX_UNDNAME_DEPTH, "H@Z"));
    stays(repeated("?f@@YAX", "PEA", 20000, "H@Z"));
    stays(repeated("?f@@YAX", "P6A", 20000, "XXZ"));
    stays(repeated("?f@@YAX", "V?$A@", 10000, "H@@@Z"));
    stays(repeated("?x@?1?", "?x@?1?", 10000, "?f@@YAXXZ@4HA"));
    stays(repeated("??$f@$1", "??$f@$1", 9000, "?x@@3HA@@YAXXZ"));
    stays(repeated("??$f@", "$2UA@@2", 9000, "@@YAXXZ"));
    stays(repeated("??$f@$", "MH", 30000, "0A@@@YAXXZ"));
    stays(repeated("??$f@$2UA@@", "2UA@@", 12000, "H0A@"));
    stays(repeated("?f@@YAXPEA", "Y0", 30000, "H@Z"));
    stays(repeated("?f@@YA", "?A", 30000, "H@Z"));
    stays(repeated("", "??__E?", 10000, "x@@3HA"));
}
END_TEST

/* Texts that a few letters would make long beyond measure. */
START_TEST(test_size)
{
    const char *name = "?f@@YAXPEAHP6AX00000000@ZP6AX11111111@ZP6AX22222222@ZP6AX33333333@Z"
                       "P6AX44444444@ZP6AX55555555@ZP6AX66666666@Z@Z";

    stays(name);
    stays(repeated("?f@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "@0", 10000, "@@YAXXZ"));
    ck_assert_uint_eq(strlen(full(repeated("?", "a", 16000, "@@YAXXZ"))), 16000 + 19);
    stays(repeated("?", "a", AVD_MAX_UNDNAME_OUTPUT + 1, "@@YAXXZ"));
    stays(repeated("?", "a", AVD_MAX_UNDNAME_INPUT, "@@YAXXZ"));
    stays(repeated("", "a", AVD_MAX_UNDNAME_INPUT + 1, ""));
    stays(repeated("??$f@", "$$V", 20000, ""));
    stays(repeated("?f@@YAX", "H", 60000, "@Z"));
    stays(repeated("?f@@YAXPEAY", "9", 60000, "H@Z"));
    stays(repeated("?x@@3P", "EIF", 20000, "HA"));
}
END_TEST

START_TEST(test_out_of_memory)
{
    static const char *const names[] = {
        "?f@B@?A0x1@A@@QEAA?AV?$t@$0A@$1?x@@3HA@std@@PEAHP6AX0@Z@Z",
        "??_7A@@6BB@@C@@@",
        "??__E?x@@3HA@@YAXXZ",
        "??__K_deg@@YAHO@Z",
        ".?AVA@@",
        "plain",
        "?A0x12::f",
        "??@0123456789abcdef0123456789abcdef@",
    };
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *expected = strdup(full(names[i]));
        const char *text = NULL;
        unsigned long n;

        ck_assert_ptr_nonnull(expected);
        for (n = 1; n < 1000 && text == NULL; n++) {
            avd_arena_deinit(&test_arena);
            avd_mem_fail_after(n);
            text = avd_undecorate(&test_arena, names[i], AVD_UNDNAME_FULL, false);
            avd_mem_fail_after(0);
        }
        ck_assert_uint_gt(n, 2);
        ck_assert_str_eq(text, expected);
        free(expected);
    }
}
END_TEST

static void add_tests(TCase *tests)
{
    arena_fixture_use(tests);
    tcase_add_loop_test(tests, test_rows, 0, (int)(sizeof rows / sizeof rows[0]));
    tcase_add_test(tests, test_operators);
    tcase_add_test(tests, test_left_as_they_are);
    tcase_add_test(tests, test_cut);
    tcase_add_test(tests, test_c_names);
    tcase_add_test(tests, test_anonymous_namespaces);
    tcase_add_test(tests, test_references);
    tcase_add_test(tests, test_depth);
    tcase_add_test(tests, test_size);
    tcase_add_test(tests, test_out_of_memory);
}

int main(void)
{
    return suite_main("undname", add_tests);
}
