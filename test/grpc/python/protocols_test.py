"""Every request of the registry, with messages that are found by reflection alone: by its method, by its
number with the whole Request, and by its number with the C2S alone. What the paper exchange has is
answered and looked at; the rest is refused with a text that names it. Each way has a gateway of its own,
so that what it does is seen in later answers; then all of one gateway say the same."""
import copy
import datetime
import unittest

import grpc
from google.protobuf.descriptor import FieldDescriptor

from gateway import PASSWORD, Daemon, rows

TENCENT = {"market": 1, "code": "00700"}
GONE = ("Qot_GetHistoryKL", "Qot_GetHistoryKLPoints", "Qot_GetRehab")


def day(offset):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=offset)).strftime("%Y-%m-%d")


MONTH = {"beginTime": day(-30), "endTime": day(0)}
TIMES = {"filterConditions": {"beginTime": day(-30) + " 00:00:00", "endTime": day(1) + " 23:59:59"}}


def some(field):
    return lambda s2c: len(getattr(s2c, field)) > 0


def anything(_):
    return True


class Known:
    """What later requests need of earlier answers."""
    header = plate = group = order = order_ex = None
    serial = 0

    def packet(self):
        self.serial += 1
        return {"connID": 0, "serialNo": self.serial}

    def note(self, name, s2c):
        if name == "Trd_GetAccList":
            real = next(a for a in s2c.accList if a.trdEnv == 1 and 1 in a.trdMarketAuthList)
            self.header = {"trdEnv": 1, "accID": real.accID, "trdMarket": 1}
        elif name == "Qot_GetUserSecurityGroup":
            self.group = s2c.groupList[0].groupName
        elif name == "Qot_GetPlateSet":
            self.plate = next(x.plate for x in s2c.plateInfoList if x.name == "REIT")
        elif name == "Trd_PlaceOrder":
            self.order, self.order_ex = s2c.orderID, s2c.orderIDEx


# Name, C2S of what is known, what must be true of the answer; in the order in which they are sent.
ANSWERED = [
    ("Trd_GetAccList", lambda k: {"userID": 0}, some("accList")),
    ("Qot_GetUserSecurityGroup", lambda k: {"groupType": 1}, some("groupList")),
    ("GetGlobalState", lambda k: {"userID": 0}, lambda s: s.serverVer > 0),
    ("KeepAlive", lambda k: {"time": 1}, lambda s: s.time > 1),
    ("GetUserInfo", lambda k: {}, lambda s: s.userID > 0),
    ("GetDelayStatistics", lambda k: {"typeList": [2]},
     lambda s: {2001, 3222} <= {x.protoID for x in s.reqReplyStatisticsList}),
    ("Gateway_GetInfo", lambda k: {}, lambda s: s.hopList[0].upstream == "paper"),
    ("Qot_Sub", lambda k: {"securityList": [TENCENT], "isSubOrUnSub": True, "isRegOrUnRegPush": False,
                           "subTypeList": [1, 2, 4, 5, 6, 11, 14]}, anything),
    ("Qot_RegQotPush", lambda k: {"securityList": [TENCENT], "subTypeList": [1, 2, 4], "isRegOrUnReg": True}, anything),
    ("Qot_GetSubInfo", lambda k: {"isReqAllConn": True}, lambda s: s.totalUsedQuota == 7),
    ("UsedQuota", lambda k: {}, lambda s: s.usedSubQuota == 7),
    ("Qot_GetBasicQot", lambda k: {"securityList": [TENCENT]}, lambda s: s.basicQotList[0].curPrice > 0),
    ("Qot_GetKL", lambda k: {"rehabType": 1, "klType": 1, "security": TENCENT, "reqNum": 10}, some("klList")),
    ("Qot_GetRT", lambda k: {"security": TENCENT}, lambda s: s.security.code == "00700"),
    ("Qot_GetTicker", lambda k: {"security": TENCENT, "maxRetNum": 10}, some("tickerList")),
    ("Qot_GetOrderBook", lambda k: {"security": TENCENT, "num": 10},
     lambda s: s.orderBookBidList[0].price < s.orderBookAskList[0].price),
    ("Qot_GetBroker", lambda k: {"security": TENCENT}, some("brokerBidList")),
    ("Qot_RequestHistoryKL", lambda k: {"rehabType": 1, "klType": 2, "security": TENCENT, **MONTH}, some("klList")),
    ("Qot_RequestHistoryKLQuota", lambda k: {"bGetDetail": True}, lambda s: s.usedQuota == 1),
    ("Qot_RequestRehab", lambda k: {"security": TENCENT}, anything),
    ("Qot_GetSuspend", lambda k: {"securityList": [TENCENT], **MONTH}, anything),
    ("Qot_GetStaticInfo", lambda k: {"securityList": [TENCENT]}, lambda s: s.staticInfoList[0].basic.lotSize == 100),
    ("Qot_GetSecuritySnapshot", lambda k: {"securityList": [TENCENT, {"market": 11, "code": "AAPL"}]},
     lambda s: len(s.snapshotList) == 2),
    ("Qot_GetPlateSet", lambda k: {"market": 1, "plateSetType": 0}, some("plateInfoList")),
    ("Qot_GetPlateSecurity", lambda k: {"plate": k.plate}, some("staticInfoList")),
    ("Qot_GetReference", lambda k: {"security": TENCENT, "referenceType": 1}, anything),
    ("Qot_GetOwnerPlate", lambda k: {"securityList": [TENCENT]}, some("ownerPlateList")),
    ("Qot_GetHoldingChangeList", lambda k: {"security": TENCENT, "holderCategory": 1}, anything),
    ("Qot_GetCapitalFlow", lambda k: {"security": TENCENT}, some("flowItemList")),
    ("Qot_GetCapitalDistribution", lambda k: {"security": TENCENT}, anything),
    ("Qot_ModifyUserSecurity", lambda k: {"groupName": k.group, "op": 1, "securityList": [TENCENT]}, anything),
    ("Qot_GetUserSecurity", lambda k: {"groupName": k.group}, some("staticInfoList")),
    ("Qot_StockFilter", lambda k: {"begin": 0, "num": 5, "market": 1, "plate": k.plate}, some("dataList")),
    ("Qot_GetCodeChange", lambda k: {"securityList": [TENCENT]}, anything),
    ("Qot_GetIpoList", lambda k: {"market": 1}, anything),
    ("Qot_RequestTradeDate", lambda k: {"market": 1, **MONTH}, some("tradeDateList")),
    ("Qot_SetPriceReminder", lambda k: {"security": TENCENT, "op": 1, "type": 1, "freq": 1, "value": 1e6},
     lambda s: s.key > 0),
    ("Qot_GetPriceReminder", lambda k: {"security": TENCENT}, some("priceReminderList")),
    ("Qot_GetMarketState", lambda k: {"securityList": [TENCENT]}, some("marketInfoList")),
    ("Trd_UnlockTrade", lambda k: {"unlock": True, "pwdMD5": PASSWORD}, anything),
    ("Trd_SubAccPush", lambda k: {"accIDList": [k.header["accID"]]}, anything),
    ("Trd_GetFunds", lambda k: {"header": k.header}, lambda s: s.funds.totalAssets > 0),
    ("Trd_GetPositionList", lambda k: {"header": k.header}, anything),
    ("Trd_GetMaxTrdQtys", lambda k: {"header": k.header, "orderType": 1, "code": "00700", "price": 100},
     lambda s: s.maxTrdQtys.maxCashBuy > 0),
    ("Trd_PlaceOrder", lambda k: {"packetID": k.packet(), "header": k.header, "trdSide": 1, "orderType": 1,
                                  "code": "00700", "qty": 100, "price": 100, "secMarket": 1}, lambda s: s.orderID > 0),
    ("Trd_GetOrderFee", lambda k: {"header": k.header, "orderIdExList": [k.order_ex]}, anything),
    ("Trd_ModifyOrder", lambda k: {"packetID": k.packet(), "header": k.header, "orderID": k.order, "modifyOrderOp": 1,
                                   "qty": 200, "price": 99}, lambda s: s.orderID > 0),
    ("Trd_GetOrderList", lambda k: {"header": k.header},
     lambda s: any((o.orderStatus, o.qty, o.price) == (5, 200, 99) for o in s.orderList)),
    ("Trd_GetOrderFillList", lambda k: {"header": k.header}, anything),
    ("Trd_GetHistoryOrderList", lambda k: {"header": k.header, **TIMES}, anything),
    ("Trd_GetHistoryOrderFillList", lambda k: {"header": k.header, **TIMES}, anything),
    ("Trd_GetMarginRatio", lambda k: {"header": k.header, "securityList": [TENCENT]}, some("marginRatioInfoList")),
    ("Trd_FlowSummary", lambda k: {"header": k.header, "clearingDate": day(0)}, anything),
]
NOTHING = {"Qot_GetFutureInfo": {"securityList": [{"market": 1, "code": "HSImain"}]}}


def smallest(descriptor, known):
    """The smallest valid message of a type, as the members of its constructor."""
    if descriptor.full_name == "Qot_Common.Security":
        return TENCENT
    out = {}
    for f in descriptor.fields:
        if f.label != FieldDescriptor.LABEL_REQUIRED:
            continue
        if f.name == "header" and f.message_type.full_name == "Trd_Common.TrdHeader":
            out[f.name] = known.header
        elif f.name == "packetID":
            out[f.name] = known.packet()
        elif f.message_type:
            out[f.name] = smallest(f.message_type, known)
        elif f.enum_type:
            out[f.name] = f.enum_type.values[0].number
        elif f.type == FieldDescriptor.TYPE_STRING:
            out[f.name] = day(0) if "time" in f.name.lower() or "date" in f.name.lower() else "1"
        else:
            out[f.name] = b"" if f.type == FieldDescriptor.TYPE_BYTES else 1
    return out


def path_of(name):
    for prefix, service in (("Qot_", "Quote"), ("Trd_", "Trade")):
        if name.startswith(prefix):
            return f"futu.v1.{service}/{name[4:]}"
    return f"futu.v1.System/{name}"


# What is another one at each call: by protocol, the paths of such members of its S2C.
MOVES = {
    "GetGlobalState": ("time", "localTime"), "KeepAlive": ("time",), "GetDelayStatistics": ("reqReplyStatisticsList",),
    "Qot_GetTicker": ("tickerList.recvTime",),
    "Qot_GetOrderBook": ("svrRecvTimeAsk", "svrRecvTimeAskTimestamp", "svrRecvTimeBid", "svrRecvTimeBidTimestamp"),
    "Qot_GetSecuritySnapshot": ("snapshotList.basic.volumeRatio",), "Qot_SetPriceReminder": ("key",),
    "Trd_PlaceOrder": ("orderID", "orderIDEx"),
}


def clear(message, path):
    """Without that member, which must be there."""
    name, _, rest = path.partition(".")
    if not rest:
        message.ClearField(name)
        return
    value = getattr(message, name)
    for m in value if hasattr(value, "add") else (value,):
        clear(m, rest)


class Protocols(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon({"all": {}})
        self.addCleanup(self.daemon.end)
        self.g = self.daemon.client("all")
        self.addCleanup(self.g.channel.close)
        requests = [r for r in rows() if r["kind"] == "req"]
        self.rows = {r["name"]: r for r in requests if r["request"] != "-" and r["id"] != "1001"}
        self.others = [r for r in requests if r["name"] not in self.rows]
        self.known = Known()

    def by_method(self, row, request):
        return self.g.call(path_of(row["name"]), **request)

    def send(self, row, body):
        got = self.g.call("futu.service.FutuOpenD/Request", proto_id=int(row["id"]), body=body.SerializeToString())
        answer = self.g.type(row["response"]).FromString(got.body)
        self.assertEqual((got.proto_id, got.ret_type, got.ret_msg), (int(row["id"]), answer.retType, answer.retMsg))
        return answer

    def whole(self, row, request):
        return self.send(row, self.g.type(row["request"])(**request))

    def alone(self, row, request):
        if "c2s" not in request:
            return self.whole(row, request)
        return self.send(row, self.g.type(row["request"].replace(".Request", ".C2S"))(**request["c2s"]))

    def all_ways(self, row, request):
        """The answer that is the same in each way; prices may move between two calls, but not always."""
        for _ in range(50):
            answers = [ask(row, request) for ask in (self.whole, self.alone, self.by_method)]
            alike = [copy.deepcopy(a) for a in answers]
            for a in alike:
                for path in MOVES.get(row["name"], ()):
                    clear(a.s2c, path)
            if alike[0] == alike[1] == alike[2]:
                return answers[2]
        self.assertEqual(alike[0], alike[1])
        self.assertEqual(alike[1], alike[2])
        return None

    def refused(self, ask, row, request, code, text):
        with self.assertRaises(grpc.RpcError) as e:
            ask(row, request)
        self.assertEqual(e.exception.code(), code)
        self.assertIn(text, e.exception.details())

    def every(self, ask):
        for name, args, check in ANSWERED:
            with self.subTest(name):
                answer = ask(self.rows[name], {"c2s": args(self.known)})
                self.assertEqual(answer.retType, 0, answer.retMsg)
                self.assertTrue(check(answer.s2c), answer.s2c)
                self.known.note(name, answer.s2c)
        seen = {name for name, _, _ in ANSWERED}
        for name, args in NOTHING.items():
            answer = ask(self.rows[name], {"c2s": args})
            self.assertEqual(answer.retType, -1)
            self.assertRegex(answer.retMsg, "HSImain")
        others = [r for n, r in self.rows.items() if n not in seen and n not in NOTHING and n not in GONE]
        self.assertEqual((len(seen), len(others)), (53, 109))
        for row in others:
            with self.subTest(row["name"]):
                request = smallest(self.g.type(row["request"]).DESCRIPTOR, self.known)
                answer = ask(row, request)
                self.assertEqual(answer.retType, -1)
                self.assertRegex(answer.retMsg, f"^{row['name']}\\b.*paper exchange")

    def test_what_is_not_there(self):
        for row in [self.rows[name] for name in GONE]:
            with self.subTest(row["name"]):
                request = smallest(self.g.type(row["request"]).DESCRIPTOR, self.known)
                for ask in (self.whole, self.alone):
                    self.refused(ask, row, request, grpc.StatusCode.NOT_FOUND, row["id"])
                self.refused(self.by_method, row, request, grpc.StatusCode.UNIMPLEMENTED, row["name"])
        self.assertEqual(len(self.others), 13)              # without messages, and the login
        for row in self.others:
            with self.subTest(row["name"]):
                path = "/" + path_of(row["name"])
                self.refused(lambda r, body: self.g.call("futu.service.FutuOpenD/Request", proto_id=int(r["id"]), body=body),
                             row, b"", grpc.StatusCode.NOT_FOUND, row["id"])
                self.refused(lambda _, body: self.g.channel.unary_unary(path)(body, metadata=self.g.metadata), row, b"",
                             grpc.StatusCode.UNIMPLEMENTED, path)

    def test_by_method(self):
        self.every(self.by_method)

    def test_by_number_the_whole_request(self):
        self.every(self.whole)

    def test_by_number_the_c2s_alone(self):
        self.every(self.alone)

    def test_both_services_say_the_same(self):
        self.every(self.all_ways)


if __name__ == "__main__":
    unittest.main()
