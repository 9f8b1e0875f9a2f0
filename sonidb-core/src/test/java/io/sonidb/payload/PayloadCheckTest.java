package io.sonidb.payload;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.filter.Filter;
import io.sonidb.sound.VectorId;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What conditions mean, one payload at a time.
class PayloadCheckTest {
  private static final JsonNode PAYLOAD =
      JsonMapper.shared()
          .readTree(
              """
              {"color": "red", "n": 7, "x": 7.0, "price": 499.9, "ok": true, "gone": null,
               "none": [], "nulls": [null], "tags": ["a", "b"], "mixed": [1, "1", null],
               "at": "2020-02-15T00:00:00Z", "text": "A Good, cheap Phone",
               "big": 123456789012345678901234567890,
               "home": {"lon": 13.4, "lat": 52.5}, "island": {"lon": 179.5, "lat": -17.0},
               "owner": {"name": "Eva", "cars": [{"make": "x", "doors": 3}, {"make": "y", "doors": 5}]},
               "grid": [[1, 2], [3]], "a.b": {"": 1}}
              """);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // A value is equal only to one of its own type.
        "'key':'color','match':{'value':'red'}|true",
        "'key':'color','match':{'value':'Red'}|false",
        "'key':'n','match':{'value':7}|true",
        "'key':'x','match':{'value':7}|false",
        "'key':'n','match':{'value':'7'}|false",
        "'key':'ok','match':{'value':true}|true",
        "'key':'ok','match':{'value':false}|false",
        "'key':'missing','match':{'value':7}|false",
        "'key':'gone','match':{'value':7}|false",
        // Any element of an array.
        "'key':'tags','match':{'value':'b'}|true",
        "'key':'tags[]','match':{'value':'b'}|true",
        "'key':'tags[0]','match':{'value':'b'}|false",
        "'key':'tags[1]','match':{'value':'b'}|true",
        "'key':'grid','match':{'value':3}|false",
        "'key':'grid[]','match':{'value':3}|true",
        "'key':'tags','match':{'any':['x','b']}|true",
        "'key':'tags','match':{'any':[]}|false",
        "'key':'n','match':{'any':[1,7]}|true",
        // Something is there that is none of these.
        "'key':'color','match':{'except':['red']}|false",
        "'key':'tags','match':{'except':['a']}|true",
        "'key':'tags','match':{'except':['a','b']}|false",
        "'key':'n','match':{'except':['a']}|true",
        "'key':'missing','match':{'except':['a']}|false",
        "'key':'gone','match':{'except':['a']}|false",
        "'key':'none','match':{'except':['a']}|false",
        "'key':'home','match':{'except':['a']}|true",
        // Words.
        "'key':'text','match':{'text':'phone GOOD'}|true",
        "'key':'text','match':{'text':'goo'}|false",
        "'key':'text','match':{'text':'good bad'}|false",
        "'key':'tags','match':{'text':'a b'}|false",
        // Numbers.
        "'key':'price','range':{'gte':499.9,'lt':500}|true",
        "'key':'price','range':{'gt':499.9}|false",
        "'key':'n','range':{'lte':7}|true",
        "'key':'x','range':{'gte':7,'lte':7}|true",
        "'key':'color','range':{'gte':0}|false",
        "'key':'color','range':{}|false",
        "'key':'n','range':{}|true",
        "'key':'big','range':{'gt':1e29}|true",
        "'key':'grid[]','range':{'gt':2.5}|true",
        // Times.
        "'key':'at','range':{'gte':'2020-02-15T01:00:00+01:00'}|true",
        "'key':'at','range':{'gt':'2020-02-15'}|false",
        "'key':'color','range':{'gt':'2020-02-15'}|false",
        // How many, and none.
        "'key':'tags','values_count':{'gte':2,'lt':3}|true",
        "'key':'color','values_count':{'gte':1,'lte':1}|true",
        "'key':'gone','values_count':{'lt':1}|true",
        "'key':'missing','values_count':{'lt':1}|true",
        "'key':'grid[]','values_count':{'lt':2}|true",
        "'is_empty':{'key':'missing'}|true",
        "'is_empty':{'key':'gone'}|true",
        "'is_empty':{'key':'none'}|true",
        "'is_empty':{'key':'nulls'}|false",
        "'is_empty':{'key':'n'}|false",
        "'is_null':{'key':'gone'}|true",
        "'is_null':{'key':'missing'}|false",
        "'is_null':{'key':'none'}|false",
        "'is_null':{'key':'nulls'}|false",
        "'is_null':{'key':'nulls[]'}|true",
        "'is_null':{'key':'n'}|false",
        // Paths.
        "'key':'owner.name','match':{'value':'Eva'}|true",
        "'key':'owner.cars[].make','match':{'value':'y'}|true",
        "'key':'owner.cars.make','match':{'value':'y'}|false",
        "'key':'owner[].name','match':{'value':'Eva'}|false",
        "'key':'\\\"a.b\\\".\\\"\\\"','match':{'value':1}|true",
        // One element by itself.
        "'nested':{'key':'owner.cars','filter':{'must':[{'key':'make','match':{'value':'x'}},{'key':'doors','match':{'value':5}}]}}|false",
        "'nested':{'key':'owner.cars','filter':{'must':[{'key':'make','match':{'value':'y'}},{'key':'doors','match':{'value':5}}]}}|true",
        "'nested':{'key':'owner.cars[]','filter':{'must_not':[{'key':'doors','match':{'value':5}}]}}|true",
        "'nested':{'key':'owner','filter':{'must':[{'key':'name','match':{'value':'Eva'}}]}}|false",
        // Places.
        "'key':'home','geo_radius':{'center':{'lon':13.4,'lat':52.51},'radius':1120}|true",
        "'key':'home','geo_radius':{'center':{'lon':13.4,'lat':52.51},'radius':1110}|false",
        "'key':'home','geo_bounding_box':{'top_left':{'lon':13,'lat':53},'bottom_right':{'lon':14,'lat':52}}|true",
        "'key':'home','geo_bounding_box':{'top_left':{'lon':13.4,'lat':53},'bottom_right':{'lon':14,'lat':52}}|false",
        "'key':'island','geo_bounding_box':{'top_left':{'lon':179,'lat':-10},'bottom_right':{'lon':-179,'lat':-20}}|true",
        "'key':'home','geo_bounding_box':{'top_left':{'lon':179,'lat':53},'bottom_right':{'lon':-179,'lat':52}}|false",
        "'key':'home','geo_polygon':{'exterior':{'points':[{'lon':13,'lat':52},{'lon':14,'lat':52},{'lon':13.5,'lat':54},{'lon':13,'lat':52}]}}|true",
        "'key':'home','geo_polygon':{'exterior':{'points':[{'lon':13,'lat':52},{'lon':14,'lat':52},{'lon':13.5,'lat':54},{'lon':13,'lat':52}]},'interiors':[{'points':[{'lon':13.3,'lat':52.4},{'lon':13.5,'lat':52.4},{'lon':13.4,'lat':52.6},{'lon':13.3,'lat':52.4}]}]}|false",
        // Ids and clauses.
        "'has_id':[41,42]|true",
        "'has_id':['x']|false",
        "'should':[{'has_id':['x']},{'has_id':[42]}]|true",
        "'should':[{'has_id':['x']}]|false",
        "'should':[]|true",
        "'must_not':[{'has_id':['x']},{'has_id':[42]}]|false",
        "'min_should':{'conditions':[{'has_id':['x']},{'has_id':[42]},{'is_null':{'key':'gone'}}],'min_count':2}|true",
        "'min_should':{'conditions':[{'has_id':['x']},{'has_id':[42]}],'min_count':2}|false",
        "'min_should':{'conditions':[],'min_count':0}|true",
      },
      quoteCharacter = '\u0001')
  void meansWhatItMeansInQdrant(String condition, boolean expected) {
    Filter filter = Filter.parse(("{'must':[{" + condition + "}]}").replace('\'', '"'));
    assertThat(PayloadCheck.fulfils(filter, VectorId.of(42), PAYLOAD)).isEqualTo(expected);
  }
}
