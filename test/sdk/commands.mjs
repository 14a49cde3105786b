// commands.mjs - every request command of the SDK's table: what the paper exchange answers, with
// arguments and what the answer must hold, and what it must refuse by name.
import assert from 'node:assert/strict';
import { passwordMD5 } from '../secrets.mjs';

const hk = (code) => ({ market: 1, code });
const tencent = hk('00700');
const day = (offset) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
const month = { beginTime: day(-30), endTime: day(0) };
const list = (field, check) => (s2c) => {
    assert.ok(s2c[field].length > 0, `${field} is empty`);
    for (const x of s2c[field])
        check?.(x);
};
const ofTencent = (s2c) => assert.equal(s2c.security.code, '00700');

// args: the C2S, or a function of the session { client, simulated, real } that makes it; headers are
// { trdEnv, accID, trdMarket }. keep: what later commands need of the answer.
const commands = [
    { name: 'GetGlobalState', args: { userID: 0 }, check: (s) => assert.ok(s.serverVer > 0) },
    { name: 'KeepAlive', args: () => ({ time: Math.floor(Date.now() / 1000) }),
      check: (s) => assert.ok(Math.abs(Number(s.time) - Date.now() / 1000) < 10) },
    { name: 'GetUserInfo', args: {}, check: (s) => assert.ok(s.userID.gt(0)) },
    { name: 'Qot_Sub', args: { securityList: [tencent], isSubOrUnSub: true, isRegOrUnRegPush: false,
        subTypeList: [1, 2, 4, 5, 6, 11, 14] } },
    { name: 'Qot_RegQotPush', args: { securityList: [tencent], subTypeList: [1, 2, 4],
        isRegOrUnReg: true } },
    { name: 'Qot_GetSubInfo', args: { isReqAllConn: true },
      check: (s) => assert.equal(s.totalUsedQuota, 7) },
    { name: 'Qot_GetBasicQot', args: { securityList: [tencent] },
      check: list('basicQotList', (q) => assert.ok(q.curPrice > 0)) },
    { name: 'Qot_GetKL', args: { rehabType: 1, klType: 1, security: tencent, reqNum: 10 },
      check: list('klList') },
    { name: 'Qot_GetRT', args: { security: tencent }, check: ofTencent },
    { name: 'Qot_GetTicker', args: { security: tencent, maxRetNum: 10 }, check: list('tickerList') },
    { name: 'Qot_GetOrderBook', args: { security: tencent, num: 10 }, check: (s) => {
        assert.equal(s.orderBookAskList.length, 10);
        assert.equal(s.orderBookBidList.length, 10);
        assert.ok(s.orderBookBidList[0].price < s.orderBookAskList[0].price);
    }, keep: (s, session) => {
        session.bid = s.orderBookBidList[0].price;
        session.lowBid = s.orderBookBidList[9].price;
    } },
    { name: 'Qot_GetBroker', args: { security: tencent }, check: list('brokerBidList') },
    { name: 'GetDelayStatistics', args: { typeList: [1, 2, 3], qotPushStage: 1, segmentList: [] },
      check: list('reqReplyStatisticsList') },

    { name: 'Qot_RequestHistoryKL', args: { rehabType: 1, klType: 2, security: tencent, ...month },
      check: list('klList', (k) => assert.ok(k.isBlank || k.lowPrice <= k.highPrice)) },
    { name: 'Qot_RequestHistoryKLQuota', args: { bGetDetail: true }, check: (s) => {
        assert.equal(s.usedQuota, 1);
        assert.equal(s.detailList[0].security.code, '00700');
    } },
    { name: 'Qot_RequestRehab', args: { security: tencent } },
    { name: 'Qot_GetSuspend', args: { securityList: [tencent], ...month } },
    { name: 'Qot_GetStaticInfo', args: { securityList: [tencent] },
      check: list('staticInfoList', (x) => assert.equal(x.basic.lotSize, 100)) },
    { name: 'Qot_GetSecuritySnapshot', args: { securityList: [tencent, { market: 11, code: 'AAPL' }] },
      check: (s) => assert.equal(s.snapshotList.length, 2) },
    { name: 'Qot_GetPlateSet', args: { market: 1, plateSetType: 0 }, check: list('plateInfoList'),
      keep: (s, session) => { session.plate = s.plateInfoList.find((x) => x.name === 'REIT').plate; } },
    { name: 'Qot_GetPlateSecurity', args: (session) => ({ plate: session.plate }),
      check: list('staticInfoList') },
    { name: 'Qot_GetReference', args: { security: tencent, referenceType: 1 } },
    { name: 'Qot_GetOwnerPlate', args: { securityList: [tencent] }, check: list('ownerPlateList') },
    { name: 'Qot_GetHoldingChangeList', args: { security: tencent, holderCategory: 1 } },
    { name: 'Qot_GetCapitalFlow', args: { security: tencent }, check: list('flowItemList') },
    { name: 'Qot_GetCapitalDistribution', args: { security: tencent } },
    { name: 'Qot_ModifyUserSecurity', args: (session) => ({ groupName: session.group, op: 1,
        securityList: [tencent] }) },
    { name: 'Qot_GetUserSecurity', args: (session) => ({ groupName: session.group }),
      check: (s) => assert.ok(s.staticInfoList.some((x) => x.basic.security.code === '00700')) },
    { name: 'Qot_GetUserSecurityGroup', args: { groupType: 1 }, check: list('groupList'), first: true,
      keep: (s, session) => { session.group = s.groupList[0].groupName; } },
    { name: 'Qot_StockFilter', args: (session) => ({ begin: 0, num: 5, market: 1,
        plate: session.plate }), check: list('dataList') },
    { name: 'Qot_GetCodeChange', args: { securityList: [tencent] } },
    { name: 'Qot_GetIpoList', args: { market: 1 } },
    { name: 'Qot_RequestTradeDate', args: { market: 1, ...month }, check: list('tradeDateList') },
    { name: 'Qot_SetPriceReminder', args: { security: tencent, op: 1, type: 1, freq: 1, value: 1e6 },
      check: (s) => assert.ok(s.key.gt(0)) },
    { name: 'Qot_GetPriceReminder', args: { security: tencent }, check: list('priceReminderList') },
    { name: 'Qot_GetMarketState', args: { securityList: [tencent] }, check: list('marketInfoList') },

    { name: 'Trd_GetAccList', args: { userID: 0 }, first: true, check: list('accList', (a) =>
        assert.ok(a.trdMarketAuthList.length > 0)), keep: (s, session) => {
        const header = (env) => {
            const a = s.accList.find((x) => x.trdEnv === env && x.trdMarketAuthList.includes(1));
            return { trdEnv: env, accID: a.accID, trdMarket: 1 };
        };
        session.simulated = header(0);
        session.real = header(1);
    } },
    { name: 'Trd_UnlockTrade', args: { unlock: true, pwdMD5: passwordMD5 } },
    { name: 'Trd_SubAccPush', args: (session) => ({ accIDList: [session.real.accID] }) },
    { name: 'Trd_GetFunds', args: (session) => ({ header: session.real }),
      check: (s) => assert.ok(s.funds.totalAssets > 0) },
    { name: 'Trd_GetPositionList', args: (session) => ({ header: session.real }) },
    { name: 'Trd_GetMaxTrdQtys', args: (session) => ({ header: session.real, orderType: 1,
        code: '00700', price: session.bid }), check: (s) => assert.ok(s.maxTrdQtys.maxCashBuy > 0) },
    { name: 'Trd_PlaceOrder', args: (session) => ({ packetID: session.client.packetID(),
        header: session.real, trdSide: 1, orderType: 1, code: '00700', qty: 100,
        price: session.lowBid, secMarket: 1 }), keep: (s, session) => { session.order = s; } },
    { name: 'Trd_ModifyOrder', args: (session) => ({ packetID: session.client.packetID(),
        header: session.real, orderID: session.order.orderID, modifyOrderOp: 2, qty: 0, price: 0 }) },
    { name: 'Trd_GetOrderList', args: (session) => ({ header: session.real }), check: list('orderList') },
    { name: 'Trd_GetOrderFillList', args: (session) => ({ header: session.real }) },
    { name: 'Trd_GetHistoryOrderList', args: (session) => ({ header: session.real,
        filterConditions: { beginTime: `${day(-30)} 00:00:00`, endTime: `${day(1)} 23:59:59` } }) },
    { name: 'Trd_GetHistoryOrderFillList', args: (session) => ({ header: session.real,
        filterConditions: { beginTime: `${day(-30)} 00:00:00`, endTime: `${day(1)} 23:59:59` } }) },
    { name: 'Trd_GetMarginRatio', args: (session) => ({ header: session.real,
        securityList: [tencent] }), check: list('marginRatioInfoList') },
    { name: 'Trd_GetOrderFee', args: (session) => ({ header: session.real,
        orderIdExList: [session.order.orderIDEx] }) },
    { name: 'Trd_FlowSummary', args: (session) => ({ header: session.real, clearingDate: day(0) }) },
];

// In the order in which they are to be sent: those that others need come first.
export const answered = [...commands.filter((x) => x.first), ...commands.filter((x) => !x.first)];
export const argsOf = (c, session) => (typeof c.args === 'function' ? c.args(session) : c.args);

// Answered too, but the paper exchange has no futures that could be asked for.
export const unknown = [
    { name: 'Qot_GetFutureInfo', args: { securityList: [{ market: 1, code: 'HSImain' }] },
      text: /未知股票 ?HSImain/ },
];

// Not to be had from the paper exchange: refused with a text that names the call.
export const refused = `
    Qot_GetOptionChain Qot_GetWarrant Qot_GetOptionExpirationDate Qot_StockScreen Qot_OptionScreen
    Qot_WarrantScreen Qot_GetOptionQuote Qot_GetOptionStrategy Qot_GetOptionStrategyAnalysis
    Qot_GetOptionStrategySpread Qot_GetIndicatorList Qot_RequestIndicatorCalc Qot_GetSearchQuote
    Qot_GetSearchNews Qot_GetOptionMarketStatistic Qot_GetOptionUnderlyingHisStatistic
    Qot_GetOptionUnderlyingOverview Qot_GetOptionUnderlyingHisVolatility Qot_GetOptionUnderlyingRank
    Qot_GetOptionRank Qot_GetOptionEvent Qot_GetOptionEventAlert Qot_SetOptionEventAlert
    Qot_GetOptionZeroDteScreener Qot_GetOptionZeroDteContract Qot_GetOptionEarningsScreener
    Qot_GetOptionSellerScreener Qot_GetEarningsCalendar Qot_GetMacroIndicatorList
    Qot_GetMacroIndicatorHistory Qot_GetFedWatchTargetRate Qot_GetFedWatchDotPlot
    Qot_GetEarningsBeatRank Qot_GetDividendRank Qot_GetDividendCalendar Qot_GetEconomicCalendar
    Qot_GetUSPreMarketRank Qot_GetUSAfterHoursRank Qot_GetUSOvernightRank Qot_GetTopMoversRank
    Qot_GetHotList Qot_GetShortSellingRank Qot_GetPeriodChangeRank Qot_GetHighDividendSOERank
    Qot_GetInstitutionList Qot_GetInstitutionProfile Qot_GetInstitutionDistribution
    Qot_GetInstitutionHoldingChange Qot_GetInstitutionHoldingList Qot_GetArkFundHolding
    Qot_GetArkStockDynamic Qot_GetArkActiveTransaction Qot_GetRatingChange Qot_GetIndustrialChainList
    Qot_GetIndustrialChainDetail Qot_GetIndustrialChainByPlate Qot_GetIndustrialPlateInfo
    Qot_GetIndustrialPlateStock Qot_GetHeatMapData Qot_GetRiseFallDistribution
    Qot_GetEventContractCategory Qot_FilterCompetition Qot_GetEventContractSeriesList
    Qot_GetEventContractEventList Qot_GetEventContract Qot_GetEventContractMilestoneList
    Qot_GetEventContractSnapshot Qot_GetEventContractOrderBook Qot_GetEventContractKline
    Qot_GetEventContractTicker Qot_GetEventContractComboList Qot_GetEventContractComboRfq
    Qot_SubEventContract Qot_RequestHistoryEventContractKL Trd_GetComboMaxTrdQtys Trd_PlaceComboOrder
`.trim().split(/\s+/);

// The pushes of the table, which nobody can send, and two entries that the SDK itself breaks: 1001 is
// mapped to another message, of 3200 it ships none.
export const notRequests = new Set([1003, 2208, 2218, 3005, 3007, 3009, 3011, 3013, 3015, 3019, 3261,
    3310, 3450, 3451, 3452, 1001, 3200]);
